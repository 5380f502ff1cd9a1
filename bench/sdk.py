"""A job through the high-level SDK, as its users would submit it: `python sdk.py URL BUCKET SCRIPT`."""

from __future__ import annotations

import sys

from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform

IMAGE = "us-docker.pkg.dev/vertex-ai/training/tf-cpu.2-17.py310:latest"

if __name__ == "__main__":
    url, bucket, script = sys.argv[1:]
    place = {"project": "local-project", "location": "us-central1", "staging_bucket": bucket}
    credentials = AnonymousCredentials()  # type: ignore[no-untyped-call]
    aiplatform.init(**place, credentials=credentials, api_endpoint=url, api_transport="rest")
    job = aiplatform.CustomJob.from_local_script(display_name="tiny", script_path=script, container_uri=IMAGE)
    job.submit()
    print(job.resource_name)
