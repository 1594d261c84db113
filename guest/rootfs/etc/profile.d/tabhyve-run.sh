# A script that the machine was started with (tabhyve.run=, see /usr/sbin/init) runs before the first prompt, once, in the shell itself: it
# can change the folder, set variables and start jobs, and its lines are shown as they are read.
if [ -e /run/tabhyve/run ]; then
  tabhyve_run() {
    unset PROMPT_COMMAND
    mv /run/tabhyve/run /run/tabhyve/ran || return
    set -v
    . /run/tabhyve/ran
    set +v
  }
  PROMPT_COMMAND='tabhyve_run; unset -f tabhyve_run'
fi
