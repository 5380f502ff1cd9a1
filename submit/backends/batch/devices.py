"""GPUs of a host, handed out where the cluster only counts them: lines of POSIX shell for `task.sh`.

Who has a device is a symbolic link in a folder of the host: `0 -> PID-START`, START as the kernel counts it, so that a
process that is gone frees its devices, however it went. Links are made without following what is there already, and the
folder is locked while they are looked at. A site may have it elsewhere: `JOBDIR_GPUS` in the environment of its jobs.
"""

from __future__ import annotations

FOLDER = "${JOBDIR_GPUS:-/tmp/jobdir-gpus}"
"""of the host, for all users"""

_TAKE = r"""
started() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
held() {  # where /proc hides the processes of others, one that is there is taken for the owner
  there=$(started "${1%-*}")
  [ "$there" = "${1#*-}" ] || { [ -z "$there" ] && LC_ALL=C kill -0 "${1%-*}" 2>&1 | grep -q permitted; }
}
take_gpus() {
  [ -z "${CUDA_VISIBLE_DEVICES+set}" ] || return 0
  mkdir -m 777 "$3" 2>/dev/null
  exec 9<"$3" && flock 9 || return 1
  gpus= taken=0 device=0
  while [ "$device" -lt "$2" ] && [ "$taken" -lt "$1" ]; do
    owner=$(readlink "$3/$device")
    if [ -z "$owner" ] || ! held "$owner"; then
      ln -sfn "$$-$(started $$)" "$3/$device" || return 1
      gpus=${gpus:+$gpus,}$device taken=$((taken + 1))
    fi
    device=$((device + 1))
  done
  exec 9<&-
  [ "$taken" -eq "$1" ] || return 1
  export CUDA_VISIBLE_DEVICES="$gpus"
}
"""


def take(count: int, on_host: int | None) -> str:
    """They set `CUDA_VISIBLE_DEVICES`, unless the site has, or `fail`; `on_host` is None where the host's devices are
    counted."""
    there = str(on_host) if on_host is not None else "$(ls -d /dev/nvidia[0-9]* 2>/dev/null | wc -l)"
    return f'{_TAKE.strip()}\ntake_gpus {count} "{there}" "{FOLDER}" || fail "there are no {count} free GPUs"'
