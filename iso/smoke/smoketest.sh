#!/bin/sh
# Checks a machine that booted bee. Runs as root on that machine:
#
#   ssh root@ADDRESS 'sh -s' -- [--expect-internet] [--no-network] <smoketest.sh
#
#   --expect-internet  FAIL where the machine does not reach the internet
#   --no-network       the machine has no network card, and must come up all the same
#
# One line for each check: "PASS name[: detail]", "FAIL name: reason" or
# "SKIP name: reason". The last line is "bee-smoke: N passed, N failed, N skipped".
# The exit status is 0 where no check failed, 1 where one did, 2 for wrong usage.
set -u
export LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

checks='release-file kernel-release motd root-filesystem kernel-health memory
services-started no-failed-services service-order dropbear-without-network
network-dhcp-background internet ssh-policy ssh-no-empty-passwords ssh-host-keys
console audit-report audit-complete modules-kernel modules-insert nvidia-sonames
nvidia-modules nvidia-smi gpu-burn bee-burn gcompat vendor-programs'
services='localmount bee-sshsetup dropbear bee-network bee-nvidia bee-audit'

release=/etc/bee-release
boot_log=/run/bee/boot.log
report=/var/log/bee-audit.json
mounts=/proc/mounts
nvidia_modules=/usr/local/lib/nvidia
sys=/sys
expect_internet=
no_network=

# --- outcome of a check: each ends with one of these -------------------------
passed=0 failed=0 skipped=0
pass() { passed=$((passed + 1)); echo "PASS $check${1:+: $1}"; }
fail() { failed=$((failed + 1)); echo "FAIL $check: $1"; }
skip() { skipped=$((skipped + 1)); echo "SKIP $check: $1"; }

# one_line: standard input with its line ends made blanks
one_line() { tr -s '\n\t' '  ' | sed 's/^ *//; s/ *$//'; }

# --- what the machine says of itself -----------------------------------------

# read_release: sets the variables of bee-release; one that it lacks is empty
read_release() {
	BEE_VERSION='' BEE_COMMIT='' BEE_BASE='' BEE_KERNEL='' BEE_NVIDIA='' BEE_SSH='' BEE_VENDOR='' BEE_BUILD_INFO=''
	# shellcheck source=/dev/null
	[ ! -r "$release" ] || . "$release"
}

# event_line SERVICE EVENT: line of the first such event in the boot log, or 0
event_line() {
	awk -v service="$1" -v event="$2" '
		$2 == service && $3 == event { line = NR; exit }
		END { print line + 0 }' "$boot_log"
}

# gpus: how many NVIDIA display controllers are on the PCI bus
gpus() {
	count=0
	for device in "$sys"/bus/pci/devices/*; do
		[ "$(cat "$device/vendor" 2>/dev/null)" = 0x10de ] || continue
		case $(cat "$device/class") in 0x03*) count=$((count + 1)) ;; esac
	done
	echo $count
}

# network_cards: names of the physical Ethernet interfaces
network_cards() {
	for device in "$sys"/class/net/*/device; do
		interface=${device%/device}
		[ "$(cat "$interface/type" 2>/dev/null)" = 1 ] && echo "${interface##*/}"
	done
}

# command_line PID: its arguments, separated by blanks
command_line() { tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline"; }

dropbear_pid() { cat /run/dropbear.pid 2>/dev/null; }

# listens PORT: whether something listens on a TCP port (state 0A in proc(5))
listens() {
	awk -v port="$(printf ':%04X' "$1")" '
		$4 == "0A" && index($2, port) == length($2) - 4 { found = 1 }
		END { exit !found }' /proc/net/tcp /proc/net/tcp6 2>/dev/null
}

# password_of USER: the password field of shadow(5)
password_of() { awk -F: -v user="$1" '$1 == user { print $2 }' /etc/shadow; }

# --- the image ---------------------------------------------------------------

release_file() {
	[ -r "$release" ] || { fail "$release is missing"; return; }
	for key in BEE_VERSION BEE_COMMIT BEE_DATE BEE_BASE BEE_RELEASE BEE_KERNEL BEE_AUDIT BEE_SSH BEE_BUILD_INFO; do
		grep -q "^$key=\"..*\"" "$release" || { fail "$release has no $key"; return; }
	done
	for key in BEE_NVIDIA BEE_VENDOR; do # empty where the image has none
		grep -q "^$key=" "$release" || { fail "$release has no $key"; return; }
	done
	echo "$BEE_COMMIT" | grep -Eq '^[0-9a-f]{40}(-dirty)?$' || { fail "BEE_COMMIT is no commit: $BEE_COMMIT"; return; }
	case $BEE_BASE in
	alpine | debian) pass "$BEE_VERSION" ;;
	*) fail "BEE_BASE is neither alpine nor debian: $BEE_BASE" ;;
	esac
}

kernel_release() {
	if [ "$(uname -r)" = "$BEE_KERNEL" ]; then
		pass "$(uname -r)"
	else
		fail "uname -r is $(uname -r), bee-release says $BEE_KERNEL"
	fi
}

motd() {
	if grep -qF "$BEE_BUILD_INFO" /etc/motd; then
		pass
	else
		fail "/etc/motd does not show BEE_BUILD_INFO"
	fi
}

root_filesystem() {
	want=overlay
	[ "$BEE_BASE" = alpine ] && want=tmpfs # Alpine unpacks itself into memory
	type=$(awk '$2 == "/" { type = $3 } END { print type }' "$mounts")
	free=$(df -P -k / | awk 'NR == 2 { print int($4 / 1024) }')
	if [ "$type" != "$want" ]; then
		fail "/ is of type $type, not $want"
	elif [ "${free:-0}" -lt 16 ]; then
		fail "${free:-0} MiB free on /, less than 16"
	elif ! touch /.bee-smoke 2>/dev/null; then
		fail "/ cannot be written to"
	else
		rm -f /.bee-smoke
		pass "$type, writable, $free MiB free"
	fi
}

kernel_health() {
	# bit 7 of the taint flags: the kernel died (OOPS or BUG) before
	if [ $(($(cat /proc/sys/kernel/tainted) >> 7 & 1)) = 1 ]; then
		fail "the kernel had an oops: $(dmesg | grep -Em1 'Oops|BUG:')"
	elif dmesg | grep -q 'Out of memory: Killed'; then
		fail "$(dmesg | grep -m1 'Out of memory: Killed')"
	else
		pass
	fi
}

memory() {
	available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	total=$(awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo)
	if [ "$available" -ge 64 ]; then
		pass "$available of $total MiB available"
	else
		fail "$available of $total MiB available, less than 64"
	fi
}

# --- services ----------------------------------------------------------------

services_started() {
	[ -r "$boot_log" ] || { fail "$boot_log is missing"; return; }
	for service in $services; do
		if [ "$(event_line "$service" failed)" != 0 ]; then
			fail "$service failed, says $boot_log"
		elif [ "$(event_line "$service" started)" = 0 ]; then
			if [ "$(event_line "$service" start)" = 0 ]; then
				fail "$service was never begun, says $boot_log"
			else
				fail "$service was begun and has not ended, says $boot_log"
			fi
		elif ! status=$(timeout 20 rc-service "$service" status 2>&1); then
			fail "$service: $(echo "$status" | one_line)"
		else
			continue
		fi
		return
	done
	pass
}

no_failed_services() {
	down=$(rc-status --crashed 2>/dev/null | one_line)
	for link in /run/openrc/failed/*; do
		[ -L "$link" ] && down="$down ${link##*/}"
	done
	if [ -n "$down" ]; then
		fail "$(echo "$down" | one_line)"
	else
		pass
	fi
}

# precedes A EVENT B EVENT: fails the check unless the boot log has the first
# event before the second
precedes() {
	first=$(event_line "$1" "$2") second=$(event_line "$3" "$4")
	if [ "$first" = 0 ]; then
		fail "$boot_log has no '$1 $2'"
	elif [ "$second" = 0 ]; then
		fail "$boot_log has no '$3 $4'"
	elif [ "$first" -gt "$second" ]; then
		fail "$3 $4 comes before $1 $2"
	else
		return 0
	fi
	return 1
}

service_order() {
	[ -r "$boot_log" ] || { fail "$boot_log is missing"; return; }
	precedes localmount started bee-sshsetup start &&
		precedes bee-sshsetup started dropbear start &&
		precedes localmount started bee-network start &&
		precedes bee-network started bee-nvidia start &&
		precedes bee-nvidia started bee-audit start &&
		pass
}

# dependencies SERVICE: what OpenRC starts before it, if anything (what it and
# these need, use, want and come after), read from its dependency tree on standard
# input, where a service is a number: depinfo_7_service='dropbear',
# depinfo_7_ineed_0='net'
dependencies() {
	awk -v service="$1" '
		{ split($0, quoted, "\047"); split($0, word, "_") }
		word[3] ~ /^service=/ { number[quoted[2]] = word[2] }
		word[3] ~ /^(ineed|iuse|iwant|iafter)$/ { before[word[2]] = before[word[2]] " " quoted[2] }
		END {
			for (todo = service; todo != ""; todo = rest) {
				rest = todo
				sub(/^ *[^ ]+ */, "", rest)
				split(todo, next_, " ")
				if (seen[next_[1]]++) continue
				if (next_[1] != service) print next_[1]
				rest = rest " " before[number[next_[1]]]
				sub(/^ */, "", rest)
			}
		}'
}

dropbear_without_network() {
	[ -r /run/openrc/deptree ] || { fail "OpenRC has no dependency tree, /run/openrc/deptree"; return; }
	before=$(dependencies dropbear </run/openrc/deptree)
	network=$(echo "$before" | grep -Ex 'net|networking|bee-network|dhcpcd|firewall' | one_line)
	if [ -n "$network" ]; then
		fail "dropbear waits for $network"
	elif ! listens 22; then
		fail "nothing listens on port 22"
	else
		pass "waits for $(echo "$before" | one_line)"
	fi
}

network_dhcp_background() {
	cards=$(network_cards)
	if [ -n "$no_network" ]; then
		if [ -z "$cards" ]; then
			skip "no network card, as said by --no-network"
		else
			fail "--no-network, but there is $(echo "$cards" | one_line)"
		fi
		return
	fi
	[ -n "$cards" ] || { fail "no physical network interface"; return; }
	for card in $cards; do
		pid=$(cat "/run/udhcpc.$card.pid" 2>/dev/null)
		case "$(command_line "${pid:-none}")" in
		*udhcpc*" -b "*) ;;
		*udhcpc*) fail "udhcpc on $card does not run in the background (-b)"; return ;;
		*) fail "no udhcpc on $card"; return ;;
		esac
	done
	lease=$(event_line bee-network lease)
	if [ "$lease" != 0 ] && ! precedes bee-network started bee-network lease; then
		return
	fi
	pass "$(echo "$cards" | one_line)"
}

internet() {
	if [ -z "$expect_internet" ]; then
		skip "not expected; --expect-internet asks for it"
	elif timeout 30 wget -q -O /dev/null http://example.com/ 2>/dev/null ||
		timeout 30 busybox wget -q -O /dev/null http://example.com/ 2>/dev/null; then
		pass
	else
		fail "http://example.com/ cannot be reached"
	fi
}

# --- access ------------------------------------------------------------------

ssh_policy() {
	pid=$(dropbear_pid)
	case "$(command_line "${pid:-none}") " in
	*dropbear*" -s "*) passwords=refused ;;
	*dropbear*) passwords=accepted ;;
	*) fail "dropbear does not run"; return ;;
	esac
	policy=$BEE_SSH
	want=accepted
	[ "$policy" = keys ] && want=refused
	if [ $passwords != $want ]; then
		fail "policy $policy, but dropbear runs with passwords $passwords"
		return
	fi
	for user in root:/root bee:/home/bee; do
		home=${user#*:} user=${user%:*}
		keys=$home/.ssh/authorized_keys password=$(password_of "$user")
		case $policy in
		keys)
			case $password in '*'* | '!'*) ;; *) fail "policy keys, but $user has a password"; return ;; esac
			if ! [ -s "$keys" ] || ! cmp -s "$keys" /etc/bee/authorized_keys; then
				fail "policy keys, but $keys is not /etc/bee/authorized_keys"
				return
			fi
			;;
		password | random)
			case $password in '$'*) ;; *) fail "policy $policy, but $user has no password"; return ;; esac
			[ ! -e "$keys" ] || { fail "policy $policy, but there is $keys"; return; }
			;;
		*) fail "BEE_SSH is none of keys, password, random: $policy"; return ;;
		esac
		if [ "$policy" = password ] && [ "$password" != "$(cat /etc/bee/password.hash)" ]; then
			fail "the password of $user is not the one set at build time"
			return
		fi
		if [ "$policy" = random ] && [ -e /etc/bee/password.hash ]; then
			fail "policy random, but there is /etc/bee/password.hash"
			return
		fi
	done
	pass "$policy"
}

ssh_no_empty_passwords() {
	empty=$(awk -F: '$2 == "" { print $1 }' /etc/shadow | one_line)
	if [ -n "$empty" ]; then
		fail "no password is needed for: $empty"
	else
		pass
	fi
}

ssh_host_keys() {
	# a clock that stands wrong does no harm: both times come from it
	now=$(date +%s)
	uptime=$(cut -d. -f1 /proc/uptime)
	count=0
	for key in /etc/dropbear/dropbear_*_host_key; do
		[ -s "$key" ] || continue
		count=$((count + 1))
		if [ $((now - $(stat -c %Y "$key"))) -gt $((uptime + 5)) ]; then
			fail "$key is older than this boot"
			return
		fi
	done
	if [ $count -gt 0 ]; then
		pass "$count made during this boot"
	elif case "$(command_line "$(dropbear_pid)")" in *" -R "*) false ;; esac; then
		fail "there is none, and dropbear does not make any (-R)"
	else
		pass "none yet; dropbear makes them at the first login"
	fi
}

console() {
	wanted=tty1
	# a port of type 0 is not there (serial_core.h: PORT_UNKNOWN)
	[ "$(cat "$sys/class/tty/ttyS0/type" 2>/dev/null || echo 0)" = 0 ] || wanted="$wanted ttyS0"
	for tty in $wanted; do
		found=
		for input in /proc/[0-9]*/fd/0; do
			[ "$(readlink "$input")" = "/dev/$tty" ] && found=1 && break
		done
		[ -n "$found" ] || { fail "nothing waits for a person on $tty"; return; }
	done
	pass "$wanted"
}

# --- the audit ---------------------------------------------------------------

audit_report() {
	if [ ! -s "$report" ]; then
		fail "$report is missing or empty; audit said: $(tail -n 3 /var/log/bee-audit.log 2>/dev/null | one_line)"
	elif ! message=$(timeout 30 audit validate "$report" 2>&1); then
		fail "$(echo "$message" | one_line)"
	else
		pass "$(wc -c <"$report") bytes"
	fi
}

# in_report TEXT: whether the report, without blanks in $compact, has a text
in_report() { case $compact in *"$1"*) ;; *) return 1 ;; esac; }

# Each section is there; drives, PCI functions and network cards are those that
# the kernel has, and NVIDIA GPUs those on the PCI bus.
audit_complete() {
	[ -s "$report" ] || { fail "$report is missing or empty"; return; }
	compact=$(tr -d ' \t\n' <"$report")
	for section in board cpu memory storage pcie network psu; do
		in_report "\"$section\":{\"" || { fail "no section $section"; return; }
	done
	for item in board:bios cpu:sockets memory:slots storage:drives pcie:devices; do
		list=${item#*:}
		in_report "\"$list\":[{" || in_report "\"$list\":{\"" || { fail "${item%:*} has no $list"; return; }
	done
	for drive in "$sys"/block/*/device; do
		[ -e "$drive" ] || continue
		drive=${drive%/device}
		in_report "\"path\":\"/dev/${drive##*/}\"" || { fail "no drive /dev/${drive##*/}"; return; }
	done
	for device in "$sys"/bus/pci/devices/*; do
		[ -e "$device" ] || continue
		in_report "\"address\":\"${device##*/}\"" || { fail "no PCI function ${device##*/}"; return; }
	done
	for card in $(network_cards); do
		in_report "\"name\":\"$card\",\"type\":\"ethernet\"" || { fail "no network interface $card"; return; }
	done
	if [ "$(gpus)" != 0 ]; then
		in_report '"nvidia":{"' || { fail "no section nvidia, but $(gpus) NVIDIA GPU(s) on the PCI bus"; return; }
		in_report '"missing_gpus":[' && { fail "the driver does not know every NVIDIA GPU on the PCI bus"; return; }
	fi
	in_report '"findings":[' || { fail "no findings, not even an empty list"; return; }
	if in_report '"status":"given_up"'; then
		fail "a collector did not end in time"
	else
		pass
	fi
}

# --- GPUs --------------------------------------------------------------------

# no_driver: skips the check where the image has no NVIDIA driver
no_driver() {
	[ -z "$BEE_NVIDIA" ] || return 1
	skip "no NVIDIA driver in this image"
}

# no_gpu: skips the check where there is no NVIDIA GPU
no_gpu() {
	[ "$(gpus)" = 0 ] || return 1
	skip "no NVIDIA GPU on the PCI bus"
}

# Needs no GPU: a module for another kernel can never load.
modules_kernel() {
	no_driver && return
	for flavour in open proprietary; do
		[ -e "$nvidia_modules/$flavour/nvidia.ko" ] || { fail "$nvidia_modules/$flavour/nvidia.ko is missing"; return; }
		for module in "$nvidia_modules/$flavour"/*.ko; do
			magic=$(modinfo -F vermagic "$module" 2>/dev/null | cut -d' ' -f1)
			[ "$magic" = "$(uname -r)" ] || { fail "$module is for kernel ${magic:-unknown}, not $(uname -r)"; return; }
			version=$(modinfo -F version "$module" 2>/dev/null)
			[ "$version" = "$BEE_NVIDIA" ] || { fail "$module is of driver ${version:-unknown}, bee-release says $BEE_NVIDIA"; return; }
		done
	done
	pass "driver $BEE_NVIDIA for $(uname -r)"
}

# Without a GPU, nvidia.ko of either flavour has to get as far as looking for one:
# then it is for this kernel, and every symbol that it needs is there. (With
# CONFIG_MODVERSIONS the kernel judges by the symbols, whatever vermagic says.)
modules_insert() {
	no_driver && return
	[ "$(gpus)" = 0 ] || { skip "there is an NVIDIA GPU: nvidia-modules tells"; return; }
	for flavour in open proprietary; do
		module=$nvidia_modules/$flavour/nvidia.ko
		# shellcheck disable=SC2046 # a list
		modprobe -a -q $(modinfo -F depends "$module" | tr , ' ')
		if said=$(insmod "$module" 2>&1); then
			rmmod nvidia
			fail "$module was loaded, without a GPU"
			return
		fi
		said=$(echo "$said" | one_line)
		case $said in
		*'No such device'*) continue ;;
		# kmod's words, and busybox's
		*'nvalid argument'* | *'nvalid parameters'* | *'nvalid module format'* | *'wrong symbol version'*)
			said="$module is for another kernel: $said" ;;
		*'nknown symbol'*) said="$module needs what this kernel lacks: $said" ;;
		esac
		fail "$said; the kernel says: $(dmesg | grep -iE 'nvidia|nvrm' | tail -n 1)"
		return
	done
	pass "No such device, as there is none"
}

# Needs no GPU: nvidia-smi tells whether it finds its library (12 where it does
# not, 9 where there is no driver to talk to; see its manual page).
nvidia_sonames() {
	no_driver && return
	directory=/usr/lib
	[ -d /usr/lib/x86_64-linux-gnu ] && directory=/usr/lib/x86_64-linux-gnu
	for soname in libnvidia-ml.so.1 libcuda.so.1; do
		target=$(readlink -f "$directory/$soname")
		[ -e "$target" ] || { fail "$directory/$soname is missing, or leads nowhere"; return; }
		case $target in *".so.$BEE_NVIDIA") ;; *) fail "$soname is $target, bee-release says $BEE_NVIDIA"; return ;; esac
	done
	said=$(timeout 60 nvidia-smi 2>&1)
	status=$?
	case $status in
	0 | 6 | 9) pass "$directory" ;;
	*) fail "nvidia-smi exits with status $status: $(echo "$said" | one_line)" ;;
	esac
}

nvidia_modules() {
	no_driver || no_gpu && return
	for module in nvidia nvidia_uvm; do
		grep -qs "^$module " /proc/modules || {
			fail "$(gpus) GPU(s), but module $module is not loaded: $(tail -n 1 /var/log/bee-nvidia.log 2>/dev/null)"
			return
		}
	done
	pass "$(tail -n 1 /var/log/bee-nvidia.log)"
}

nvidia_smi() {
	no_driver || no_gpu && return
	if ! list=$(timeout 60 nvidia-smi -L 2>&1); then
		fail "$(echo "$list" | one_line)"
		return
	fi
	seen=$(echo "$list" | grep -c '^GPU ')
	if [ "$seen" = "$(gpus)" ]; then
		pass "$seen GPU(s)"
	else
		fail "nvidia-smi sees $seen of the $(gpus) GPU(s) on the PCI bus"
	fi
}

# Without a GPU it has to start; with one, to see it.
gpu_burn() {
	program=/usr/local/bin/gpu_burn
	[ -e "$program" ] || { skip "not in this image"; return; }
	no_driver && return
	if ! said=$(timeout 60 "$program" -h 2>&1); then
		fail "gpu_burn does not start: $(echo "$said" | one_line)"
	elif [ "$(gpus)" = 0 ]; then
		pass "starts"
	else
		said=$(timeout 120 "$program" -l 2>&1)
		seen=$(echo "$said" | grep -c '^ID ')
		[ "$seen" = "$(gpus)" ] || { fail "gpu_burn sees $seen of the $(gpus) GPU(s) on the PCI bus: $(echo "$said" | one_line)"; return; }
		pass "sees $seen GPU(s)"
	fi
}

# Without a GPU it says that there is nothing to burn in (3); with one, it burns in
# for a moment.
bee_burn() {
	if [ "$(gpus)" != 0 ]; then
		[ -e /usr/local/bin/gpu_burn ] || { skip "no gpu_burn in this image"; return; }
		no_driver && return
	fi
	said=$(timeout 300 bee-burn --time 10s --output /dev/null 2>&1)
	status=$?
	if [ "$(gpus)" = 0 ] && [ $status = 3 ]; then
		pass "$(echo "$said" | tail -n 1)"
	elif [ "$(gpus)" != 0 ] && [ $status = 0 ]; then
		pass "$(gpus) GPU(s) for 10 s"
	else
		fail "bee-burn exits with status $status: $(echo "$said" | tail -n 5 | one_line)"
	fi
}

gcompat() {
	if [ "$BEE_BASE" != alpine ]; then
		skip "base $BEE_BASE has glibc itself"
	elif [ -e /lib/libgcompat.so.0 ]; then
		pass
	else
		fail "/lib/libgcompat.so.0 is missing, and nvidia-smi is a program for glibc"
	fi
}

vendor_programs() {
	programs=$BEE_VENDOR
	[ -n "$programs" ] || { skip "none in this image"; return; }
	for program in $programs; do
		[ -x "/usr/local/bin/$program" ] || { fail "/usr/local/bin/$program is missing or cannot be executed"; return; }
	done
	pass "$programs"
}

# --- all of them -------------------------------------------------------------

main() {
	for argument; do
		case $argument in
		--expect-internet) expect_internet=1 ;;
		--no-network) no_network=1 ;;
		*) echo "smoketest.sh: $argument: neither --expect-internet nor --no-network" >&2; exit 2 ;;
		esac
	done
	read_release
	done=0
	for check in $checks; do
		"$(echo "$check" | tr - _)"
		done=$((done + 1))
		[ $((passed + failed + skipped)) = $done ] || { fail "the check came to no end"; done=$((passed + failed + skipped)); }
	done
	echo "bee-smoke: $passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}

main "$@"
