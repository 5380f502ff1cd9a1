#!/bin/sh
# One replica of digits_1_abcdefab; the current folder is that of the job.
umask 077
restart=0 rank=0 id= address=127.0.0.1
rank=${SLURM_PROCID:-0}
restart=${SLURM_RESTART_COUNT:-0}
id=$SLURM_JOB_ID
address=$(scontrol show node "$SLURMD_NODENAME" -o | sed -n "s/.* NodeAddr=\([^ ]*\).*/\1/p")
address=${address:-$(hostname)}
mkdir -p records logs
python=/opt/python/bin/python3
if ! command -v "$python" >/dev/null; then
  echo "there is no $python on $(hostname)" >&2
  exit 127
fi
exec "$python" -I -S ../../programs/DIGEST/batch_task.py job.json "$rank" "$restart" "$id" "$address"
