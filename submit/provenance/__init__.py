"""What a job was made of, written down when it was submitted: to be shown, compared, and submitted again."""
