# In a virtual machine with the clocksource tsc: changes clocksource and wall clock, and back, while the
# doctor watches, and prints what that said.
clocksource=/sys/devices/system/clocksource/clocksource0/current_clocksource
/bin/bun cli.ts doctor --watch --interval 0.5 --json >/tmp/watch 2>&1 &
doctor=$!
for i in $(busybox seq 60); do
  busybox grep -q '"version"' /tmp/watch && break
  busybox sleep 1
done
busybox sleep 3
echo acpi_pm >$clocksource
busybox sleep 3
echo tsc >$clocksource
busybox sleep 3
busybox date -s "@$(($(busybox date +%s) + 3600))" >/dev/null
busybox sleep 3
# The jobs that follow want the time as it was.
busybox date -s "@$(($(busybox date +%s) - 3600))" >/dev/null
kill -INT $doctor
wait $doctor
busybox tail -n +2 /tmp/watch
