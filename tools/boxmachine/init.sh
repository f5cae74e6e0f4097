#!/bin/busybox sh
# The first and only program of the emulated box: /init of its initramfs. It prints a line
# "FIGURE name value unit" for each figure, and switches the machine off. The host has replaced
# what stands between @. Its clock jumps over what nobody uses the processor for.
export PATH=/bin
/bin/busybox mkdir -p /bin /proc /sys /dev /run /mnt /tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
trap 'poweroff -f' EXIT

for m in $(cat /modules/order); do insmod /modules/$m || echo "NOTE $m is not loaded"; done
ifconfig lo 127.0.0.1 up
date -s @@NOW@ >/dev/null
echo "NOTE kernel $(uname -r) on $(grep -m1 'model name' /proc/cpuinfo)"
hearthkey-server --listen 127.0.0.1:@PORT@ --data /server --name hearthkey.box --dev --tls-cert /ca.pem --tls-key /key.pem \
	--public-url https://127.0.0.1:@PORT@ --log-level warn >/tmp/server 2>&1 &

written() { sync; awk '{print $7 * 512}' /sys/block/$1/stat; }
online() { grep -q "$(printf '%04X' @PORT@) 01" /proc/net/tcp; }
slices() { awk '{n += $3} END {print n}' /proc/$pid/task/*/schedstat; }
# memory NAME: a kernel of 32 bits has no rollup of its maps
memory() { awk -v n=$1 '/^VmRSS/ {print "FIGURE box.armv7_rss" n " " $2 * 1024 " B"} /^RssAnon/ {print "FIGURE box.armv7_anonymous" n " " $2 * 1024 " B"}' /proc/$pid/status; }

# start: the agent, until it is in contact and settled.
start() {
	hearthkey-agent -server wss://127.0.0.1:@PORT@ -ca /ca.pem -data /mnt/tv -name Box -local /run/api -screen 127.0.0.1:8711 -lan 127.0.0.1:0 -lan-interfaces lo 2>>/tmp/log >/dev/null &
	pid=$!
	n=0
	until online; do
		n=$((n + 1))
		if [ $n -gt 600 ]; then echo "NOTE no contact:"; tail -n 5 /tmp/log /tmp/server | sed "s/^/NOTE /"; return 1; fi
		sleep 0.1
	done
	sleep 10
}
stop() { kill $pid; wait $pid; }
cut() { kill -9 $pid; wait $pid 2>/dev/null; }

on() { # DISK FILESYSTEM
	mount -t $2 -o noatime /dev/$1 /mnt || { echo "NOTE $2 is not mounted: $(ls /dev/vd* 2>&1) $(dmesg | tail -2)"; return; }
	cp -a /seed/$2 /mnt/tv
	before=$(written $1)
	start || return
	after=$(written $1)
	echo "FIGURE box.$2_start_written $((after - before)) B"
	if [ $2 = ext4 ]; then
		memory
		before=$(slices)
		sleep @IDLE@
		echo "FIGURE box.armv7_idle_wakeups $(awk -v n=$(($(slices) - before)) 'BEGIN {print n / @IDLE@}') /s"
		family pins 1
		memory _after_pin
	fi
	sleep 300 # the file system puts in order what the start left
	before=$(written $1)
	sleep 1800
	after=$(written $1)
	sleep $((1800 + 24 * 3600 / @PARTS@)) # both end with a sync of ours: the difference has none
	idle_day=$((($(written $1) - after - after + before) * @PARTS@))
	echo "FIGURE box.$2_idle_day $idle_day B"
	before=$(written $1)
	stop
	echo "FIGURE box.$2_stop_written $(($(written $1) - before)) B"
	busy $1 $2 || return
	echo "FIGURE box.$2_disk $(($(du -sk /mnt/tv | cut -f1) * 1024)) B"
	umount /mnt
}

# busy is a family's day: 300 plays, 5 power cycles and 200 PINs, beside what an idle day writes. The
# emulator takes its time: 60 plays count five times, with minutes of six seconds, and 10 PINs twenty times.
busy() {
	start || return
	before=$(written $1)
	family pins 10 || return
	pins=$(($(written $1) - before))
	echo "FIGURE box.$2_pin_written $((pins / 10)) B"
	plays=0 cycles=0
	for cycle in 1 2 3 4 5; do
		before=$(written $1)
		family plays 12 || return
		after=$(written $1)
		plays=$((plays + after - before))
		cut
		umount /mnt; mount -t $2 -o noatime /dev/$1 /mnt
		start || return
		cycles=$((cycles + $(written $1) - after))
	done
	echo "FIGURE box.$2_play_written $((plays / 60)) B"
	echo "FIGURE box.$2_power_cycle_written $((cycles / 5)) B"
	echo "FIGURE box.$2_busy_day $((5 * plays + cycles + 20 * pins + idle_day)) B"
	stop
}
for disk in @DISKS@; do # in which order they come is the machine's
	if mount -t ext4 /dev/$disk /mnt 2>/dev/null; then umount /mnt; on $disk ext4; else on $disk f2fs; fi
done

# Keys of a real kernel's devices.
[ -e /dev/uinput ] && echo "NOTE /dev/uinput is there" || echo "NOTE no /dev/uinput"
if input.test -test.v -test.run Real -test.timeout 5m > /tmp/input 2>&1; then
	echo "FIGURE box.uinput_tests $(grep -c '^--- PASS' /tmp/input) -"
	grep -e '^--- SKIP' /tmp/input | sed 's/^/NOTE /'
else
	echo "FIGURE box.uinput_tests 0 -"
	tail -20 /tmp/input | sed 's/^/NOTE /'
fi
# A TV's keys over HDMI: from the one adapter to the agent at the other.
if agent.test -test.v -test.run '^TestRealCEC$' -test.timeout 5m > /tmp/cec 2>&1; then
	echo "FIGURE box.cec_tests $(grep -c '^--- PASS' /tmp/cec) -"
	grep -e 'NOT TESTED' /tmp/cec | sed 's/^/NOTE /'
else
	echo "FIGURE box.cec_tests 0 -"
	tail -20 /tmp/cec | sed 's/^/NOTE /'
fi
# The kernel tells the agent that the wall clock has jumped, as it does after standby.
if HEARTHKEY_SETS_CLOCK=yes agent.test -test.v -test.run '^TestRealClockJumps$' -test.timeout 5m > /tmp/clock 2>&1; then
	echo "FIGURE box.clock_tests $(grep -c '^--- PASS' /tmp/clock) -"
else
	echo "FIGURE box.clock_tests 0 -"
	tail -20 /tmp/clock | sed 's/^/NOTE /'
fi
[ -e /dev/cec0 ] && echo "FIGURE box.cec_adapters $(ls /dev/cec* | wc -l) -" || echo "NOTE vivid made no CEC adapter"
grep -i -A4 'vivid' /proc/bus/input/devices | grep -i 'name' | head -4
echo "DONE"
