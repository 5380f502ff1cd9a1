rank=${1:-0} restart=${2:-0} id=$3 address=$4 element=$5
trap '' USR1 USR2  # the wrapper says what they mean
cd "$(dirname "$0")" || exit 74
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
take_gpus 2 "$(ls -d /dev/nvidia[0-9]* 2>/dev/null | wc -l)" "${JOBDIR_GPUS:-/tmp/jobdir-gpus}" || fail "there are no 2 free GPUs"
