"""What a program finds that takes itself to be on a virtual machine of Google's, and asks APIs by their names."""

from __future__ import annotations

import json
import os
from typing import Any

del os.environ["GOOGLE_APPLICATION_CREDENTIALS"]  # on a virtual machine there are none

import google.auth
import requests
from google.auth.transport import requests as transport

from tests.emulator.clients.programs.jobs import BUCKET

library: Any = transport  # has no types
credentials: Any
credentials, project = google.auth.default()
session = library.AuthorizedSession(credentials)
credentials.refresh(library.Request())
machine = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/instance"
asked = {
    "objects": "https://storage.googleapis.com/storage/v1/b?project=mine",
    "object": f"https://{BUCKET}.storage.googleapis.com/for-trainer.txt",
    "no bucket": "https://nowhere.storage.googleapis.com/x",
    "project": "https://cloudresourcemanager.googleapis.com/v1/projects/mine",
    "jobs": "https://europe-west4-aiplatform.googleapis.com/v1/projects/mine/locations/europe-west4/customJobs",
    "accounts": "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/me/allowedLocations",
    "another API": "https://compute.googleapis.com/v1/projects/mine",
}
seen = {
    "kind": type(credentials).__module__,
    "project": project,
    "email": credentials.service_account_email,
    "zone": requests.get(f"{machine}/zone", headers={"Metadata-Flavor": "Google"}, timeout=60).text.rpartition("/")[2],
    "without the header": requests.get(f"{machine}/zone", timeout=60).status_code,
    "listed": requests.get(f"{machine}/", headers={"Metadata-Flavor": "Google"}, timeout=60).text.split(),
    "statuses": {name: session.get(url, timeout=60).status_code for name, url in asked.items()},
    "refusal": session.get(asked["another API"], timeout=60).json()["error"]["message"],
}
print(json.dumps(seen))
