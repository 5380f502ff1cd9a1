"""Cloud Storage over real files: `buckets/<bucket>/<object>` is `gs://<bucket>/<object>`."""
