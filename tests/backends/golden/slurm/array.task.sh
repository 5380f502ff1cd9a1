#!/bin/sh
# One replica of digits_1_abcdefab; the current folder is that of the job.
umask 077
restart=0 rank=0 id= address=127.0.0.1 element=
fail() { echo "$1 on $(hostname)" >&2; echo "$rank" > "stop.${element:+$element.}$restart"; exit 127; }
rank=${SLURM_PROCID:-0}
restart=${SLURM_RESTART_COUNT:-0}
id=$SLURM_JOB_ID
element=$SLURM_ARRAY_TASK_ID
id="${SLURM_ARRAY_JOB_ID}_$element"
address=$(scontrol show node "$SLURMD_NODENAME" -o | sed -n "s/.* NodeAddr=\([^ ]*\).*/\1/p")
address=${address:-$(hostname)}
mkdir -p records logs
python=python3
command -v "$python" >/dev/null || fail "there is no $python"
exec "$python" -I -S ../../programs/DIGEST/batch_task.py job.json "$rank" "$restart" "$id" "$address" "$element"
