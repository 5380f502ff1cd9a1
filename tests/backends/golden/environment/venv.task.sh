#!/bin/sh
# One replica of digits_1_abcdefab; the current folder is that of the job.
umask 077
restart=0 rank=0 id= address=127.0.0.1 element=
fail() { echo "$1 on $(hostname)" >&2; echo "$rank" > "stop.${element:+$element.}$restart"; exit 127; }
rank=${SLURM_PROCID:-0}
restart=${SLURM_RESTART_COUNT:-0}
id=$SLURM_JOB_ID
mkdir -p records logs
for init in "$MODULESHOME/init/sh" "$LMOD_PKG/init/sh" /etc/profile.d/*modules*.sh /etc/profile.d/*lmod*.sh; do
  command -v module >/dev/null && break
  [ -r "$init" ] && . "$init"
done
command -v module >/dev/null || fail "there are no environment modules"
for name in gcc/12; do
  module load "$name" || fail "the module $name cannot be loaded"
done
python="$HOME"/envs/torch/bin/python
command -v "$python" >/dev/null || fail "there is no $python"
exec "$python" -I -S ../../programs/DIGEST/batch_task.py job.json "$rank" "$restart" "$id" "$address" "$element"
