#!/bin/busybox sh
# The first and only program of the emulated box: /init of its initramfs. It prints a line
# "FIGURE name value unit" for each figure, and switches the machine off. The host has replaced
# what stands between @.
export PATH=/bin
/bin/busybox mkdir -p /bin /proc /sys /dev /run /mnt /tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
trap 'poweroff -f' EXIT

for m in $(cat /modules/order); do insmod /modules/$m || echo "NOTE $m is not loaded"; done
ifconfig lo 127.0.0.1 up
ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
route add default gw 10.0.2.2
date -s @@NOW@ >/dev/null
echo "NOTE kernel $(uname -r) on $(grep -m1 'model name' /proc/cpuinfo)"

written() { sync; awk '{print $7 * 512}' /sys/block/$1/stat; }
online() { grep -q "$(printf '%04X' @PORT@) 01" /proc/net/tcp; }

# start DISK: the agent, until it is in contact.
start() {
	hearthkey-agent -server wss://10.0.2.2:@PORT@ -ca /ca.pem -data /mnt/tv -name Box -local /run/api -screen 127.0.0.1:8711 -lan 127.0.0.1:0 -lan-interfaces lo 2>>/tmp/log &
	pid=$!
	n=0
	until online; do
		n=$((n + 1))
		if [ $n -gt 300 ]; then echo "NOTE no contact:"; tail -5 /tmp/log; return 1; fi
		sleep 0.1
	done
	sleep 5
}

stop() { kill $pid; wait $pid; }

on() { # DISK FILESYSTEM
	mount -t $2 /dev/$1 /mnt || { echo "NOTE $2 is not mounted: $(ls /dev/vd* 2>&1) $(dmesg | tail -2)"; return; }
	cp -a /seed/$2 /mnt/tv
	before=$(written $1)
	start || return
	after=$(written $1)
	echo "FIGURE box.$2_start_written $((after - before)) B"
	if [ $2 = ext4 ]; then
		# a kernel of 32 bits has no rollup of its maps
		awk '/^VmRSS/ {print "FIGURE box.armv7_rss " $2 * 1024 " B"} /^RssAnon/ {print "FIGURE box.armv7_anonymous " $2 * 1024 " B"}' /proc/$pid/status
		slices=$(awk '{n += $3} END {print n}' /proc/$pid/task/*/schedstat)
	fi
	sleep @IDLE@
	echo "FIGURE box.$2_idle_written $(($(written $1) - after)) B"
	[ $2 != ext4 ] || awk -v before=$slices '{n += $3} END {print "FIGURE box.armv7_idle_wakeups " (n - before) / @IDLE@ " /s"}' /proc/$pid/task/*/schedstat
	before=$(written $1)
	stop
	echo "FIGURE box.$2_stop_written $(($(written $1) - before)) B"
	before=$(written $1)
	for n in 1 2 3; do start || return; kill -9 $pid; wait $pid 2>/dev/null; done
	echo "FIGURE box.$2_killed_start_written $((($(written $1) - before) / 3)) B"
	echo "FIGURE box.$2_disk $(($(du -sk /mnt/tv | cut -f1) * 1024)) B"
	umount /mnt
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
[ -e /dev/cec0 ] && echo "FIGURE box.cec_adapters $(ls /dev/cec* | wc -l) -" || echo "NOTE vivid made no CEC adapter"
grep -i -A4 'vivid' /proc/bus/input/devices | grep -i 'name' | head -4
echo "DONE"
