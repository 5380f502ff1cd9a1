rank=${1:-0} restart=${2:-0} id=$3 address=$4
trap '' USR1 USR2  # the wrapper says what they mean
cd "$(dirname "$0")" || exit 74
