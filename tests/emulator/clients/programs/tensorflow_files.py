"""TensorFlow's own file system for `gs://`, whose addresses are compiled in."""

from __future__ import annotations

import json
from typing import Any

import tensorflow

tf: Any = tensorflow
BUCKET = "gs://digits/tf"
CONTENT = bytes(range(256)) * 40_000


def write(name: str, content: bytes) -> None:
    with tf.io.gfile.GFile(f"{BUCKET}/{name}", "wb") as file:
        file.write(content)


def read(name: str) -> bytes:
    with tf.io.gfile.GFile(f"{BUCKET}/{name}", "rb") as file:
        return bytes(file.read())


write("small", b"hello")
write("big", CONTENT)
variable = tf.Variable([1.0, 2.0])
saved = tf.train.Checkpoint(v=variable).save(f"{BUCKET}/checkpoints/model")
variable.assign([0.0, 0.0])
tf.train.Checkpoint(v=variable).restore(tf.train.latest_checkpoint(f"{BUCKET}/checkpoints"))
tf.io.gfile.copy(f"{BUCKET}/small", f"{BUCKET}/copied")
tf.io.gfile.rename(f"{BUCKET}/copied", f"{BUCKET}/renamed")
seen = {
    "read": read("small").decode(),
    "same": read("big") == CONTENT,
    "restored": variable.numpy().tolist(),
    "size": tf.io.gfile.stat(f"{BUCKET}/big").length,
    "glob": tf.io.gfile.glob(f"{BUCKET}/re*"),
    "listed": sorted(tf.io.gfile.listdir(BUCKET)),
}
tf.io.gfile.rmtree(BUCKET)
print(json.dumps({**seen, "after": tf.io.gfile.exists(f"{BUCKET}/small")}))
