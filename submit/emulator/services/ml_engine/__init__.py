"""AI Platform Training (ML Engine), `ml.googleapis.com` v1, which the cloud no longer has."""
