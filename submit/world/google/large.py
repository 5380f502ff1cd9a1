"""Uploads that are large go in chunks by Google's own client, which takes up where a connection was lost.

https://cloud.google.com/storage/docs/resumable-uploads
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from submit.errors import ErrorKind, ServiceError
from submit.world.google.replies import kind_of

LARGE_BYTES = 8 << 20
"""Cloud Storage's own limit between uploads in one request and in several."""
_CHUNK_BYTES = 8 << 20

Progress = Callable[[int], None]
"""Told how many bytes have been sent."""


def upload(
    data: bytes, bucket: str, name: str, *, endpoint: str, credentials: Any, generation: str, progress: Progress
) -> None:
    """`endpoint` is the address of the service, `generation` what is replaced; checked against the MD5 at the end."""
    import google.api_core.exceptions
    import google.auth.exceptions
    import requests
    from google.cloud import storage
    from google.cloud.storage.retry import DEFAULT_RETRY

    client = storage.Client(project="none", credentials=credentials, client_options={"api_endpoint": endpoint})
    blob = client.bucket(bucket).blob(name, chunk_size=_CHUNK_BYTES)
    about = f"Cloud Storage, `gs://{bucket}/{name}`"
    try:
        blob.upload_from_file(
            _Watched(data, progress),
            size=len(data),
            content_type="application/gzip" if name.endswith(".gz") else "application/octet-stream",
            if_generation_match=int(generation),
            checksum="md5",
            retry=DEFAULT_RETRY,
        )
    except google.api_core.exceptions.GoogleAPICallError as error:
        code = int(error.code or 500)
        message = f"{about}: {error.message}"
        raise ServiceError(message, kind=kind_of(code, "", str(error.message))) from error
    except (google.auth.exceptions.GoogleAuthError, requests.RequestException, OSError) as error:
        message = f"{about}: the upload broke off: {type(error).__name__}"
        raise ServiceError(message, kind=ErrorKind.TRANSIENT, hint="Try again: what is there is kept.") from error
    finally:
        client.close()


class _Watched(io.BytesIO):
    def __init__(self, data: bytes, progress: Progress) -> None:
        super().__init__(data)
        self._progress = progress

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._progress(self.tell())
        return data
