"""Trainers that tests run on clusters, as Python text."""

from __future__ import annotations

SLEEPS = "import time; print('awake', flush=True); time.sleep(600)"
BRIEF = "print('done', flush=True)"
TELLS = """
import time
for number in range(60):
    print("line", number, flush=True)
    time.sleep(0.1)
"""
"""a line now and then, for about 6 s"""

RESUMES = """
import os, sys, time
job_dir = sys.argv[sys.argv.index("--job-dir") + 1]
os.makedirs(job_dir, exist_ok=True)
checkpoint = os.path.join(job_dir, "checkpoint-" + os.environ["RANK"])
step = len(open(checkpoint).read()) if os.path.exists(checkpoint) else 0
print("from step", step, flush=True)
if step == 0:
    open(checkpoint, "w").write("###")
    print("awake", flush=True)
    time.sleep(600)
time.sleep(5)
"""
"""leaves a checkpoint of three steps in its job dir and sleeps; started again, it goes on from there and ends"""

MEETS = """
import os, socket, time
rank, size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
place = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
assert os.environ["LOCAL_RANK"] == "0"
if rank == 0:
    with socket.create_server(place) as server:
        ranks = sorted(int(server.accept()[0].makefile().readline()) for _ in range(size - 1))
    print("met", *ranks, "of", size, flush=True)
else:
    for _ in range(600):
        try:
            with socket.create_connection(place) as link:
                link.sendall(b"%d\\n" % rank)
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    else:
        raise SystemExit("nobody listens")
"""
"""as `torchrun`'s processes do: all ranks come to the master"""

MEETS_ITS_OWN = """
import os, socket, time
rank, place = int(os.environ["RANK"]), (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if rank == 0:
    with socket.create_server(place) as server:
        print("met", server.accept()[0].makefile().readline().strip(), flush=True)
else:
    for _ in range(600):
        try:
            with socket.create_connection(place) as link:
                link.sendall(os.environ["CLOUD_ML_TRIAL_ID"].encode())
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
"""
"""in an array: the worker tells the chief which element it is of"""

REACHES = """
import json, os, socket, sys, time
config = json.loads(os.environ["TF_CONFIG"])
assert json.loads(os.environ["CLUSTER_SPEC"])["task"]["index"] == config["task"]["index"]
kind, index = config["task"]["type"], config["task"]["index"]
def place(address):
    host, _, port = address.rpartition(":")
    return host, int(port)
server = socket.create_server(place(config["cluster"][kind][index]))
peers = [a for role in config["cluster"].values() for a in role]
for address in peers:
    for _ in range(600):
        try:
            socket.create_connection(place(address)).close()
            break
        except ConnectionRefusedError:
            time.sleep(0.1)
    else:
        sys.exit(3)
print("reached", len(peers), "as", kind, index, "on", os.environ.get("SLURMD_NODENAME", "the host"), flush=True)
if kind != "chief":
    time.sleep(600)  # a parameter server never ends by itself
for _ in peers:
    server.accept()
"""
"""as TensorFlow's servers do: everyone is reached by everyone; only the chief ends by itself"""

COUNTS = """
import os, sys
job_dir = sys.argv[sys.argv.index("--job-dir") + 1]
os.makedirs(job_dir, exist_ok=True)
mark = os.path.join(job_dir, "runs-" + os.environ["RANK"])
runs = len(open(mark).read()) if os.path.exists(mark) else 0
print("run", runs + 1, flush=True)
open(mark, "a").write(".")
codes = {codes}.get(os.environ["RANK"], [])
sys.exit(codes[runs] if runs < len(codes) else 0)
"""
"""counts its runs in its job dir, and ends with these codes in turn, by rank; then well"""
