#!/bin/sh
# One replica of digits_1_abcdefab; the current folder is that of the job.
umask 077
restart=0 rank=0 id= address=127.0.0.1 element=
fail() { echo "$1 on $(hostname)" >&2; echo "$rank" > "stop.${element:+$element.}$restart"; exit 127; }
rank=${SLURM_PROCID:-0}
restart=${SLURM_RESTART_COUNT:-0}
id=$SLURM_JOB_ID
mkdir -p records logs
for runtime in apptainer singularity none; do
  command -v "$runtime" >/dev/null && break
done
[ "$runtime" != none ] || fail "there is neither apptainer nor singularity"
image=/shared/images/torch.sif
[ -e "$image" ] || fail "there is no image $image"
set -- --bind "$(cd ../.. && pwd -P)" --pwd "$(pwd -P)" --nv
mkdir -p /scratch/ann/out || fail "the folder "/scratch/ann/out" cannot be made"
set -- "$@" --bind /scratch/ann/out
python=python3
exec "$runtime" exec "$@" "$image" "$python" -I -S ../../programs/DIGEST/batch_task.py job.json "$rank" "$restart" "$id" "$address" "$element"
