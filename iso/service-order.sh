#!/bin/sh
# service-order.sh ROOT: fails unless OpenRC would start bee's services in the right
# order. ROOT is a root file system, as far as OpenRC reads it.
#
# OpenRC drops a faulty service with a message that nobody sees, and goes on; its own
# resolver, run on the services, tells now. (OpenRC itself must never be run like this:
# it would change the machine that it is run on.)
set -eu
[ $# = 1 ] || { echo "usage: service-order.sh ROOT" >&2; exit 2; }
root=$1
errors=$(mktemp)
trap 'rm -f "$errors"' EXIT

resolver=
for folder in lib/rc usr/lib/rc libexec/rc usr/libexec/rc; do
	[ ! -x "$root/$folder/bin/rc-depend" ] || resolver=/$folder/bin/rc-depend
done
[ -n "$resolver" ] || { echo "service-order.sh: $root has no rc-depend of OpenRC's" >&2; exit 1; }
rm -rf "$root/run/openrc"
mkdir -p "$root/run/openrc"
echo default >"$root/run/openrc/softlevel"
services=
for link in "$root"/etc/runlevels/*/*; do
	# the resolver does not mind a link that leads nowhere
	service=${link##*/}
	[ -e "$root/etc/init.d/$service" ] || echo "${link#"$root"}: there is no service $service" >>"$errors"
	services="$services $service"
done
chroot "$root" "$resolver" -u >/dev/null 2>>"$errors" || :

# before SERVICE...: what OpenRC starts before these, and they themselves, in order
before() { chroot "$root" "$resolver" -a -t ineed,iwant,iuse,iafter "$@" 2>>"$errors" || :; }

# in_order SERVICE...: each of them waits for the one before it, and none for a later
# one: of a loop, OpenRC leaves out what it likes
in_order() {
	earlier=
	for service; do
		case " $services " in *" $service "*) ;; *) echo "$service is in no runlevel" >>"$errors" ;; esac
		waits_for=" $(before "$service") "
		case $waits_for in *" $service "*) ;; *) return 1 ;; esac
		for other; do
			case $waits_for in
			*" $other "*) case " $earlier $service " in *" $other "*) ;; *) return 1 ;; esac ;;
			*) case " $earlier " in *" $other "*) return 1 ;; esac ;;
			esac
		done
		earlier="$earlier $service"
	done
}
# waited_for SERVICE...: OpenRC waits for these until they are done. For others it does so for a
# minute, and then starts what comes after them all the same.
waited_for() {
	for service; do
		number=$(sed -n "s/^depinfo_\([0-9]*\)_service='$service'$/\1/p" "$root/run/openrc/deptree")
		grep -q "^depinfo_${number}_keyword_[0-9]*='-timeout'$" "$root/run/openrc/deptree" ||
			echo "$service has no \"keyword -timeout\": what comes after it starts after a minute" >>"$errors"
	done
}
waited_for bee-config bee-sshsetup bee-network bee-nvidia bee-fabric
in_order localmount bee-config bee-sshsetup dropbear &&
	in_order localmount bee-config bee-network bee-nvidia bee-fabric bee-audit bee-unattended || wrong=1
# shellcheck disable=SC2086 # one argument for each service
order=$(before $services)
for service in $services; do
	case " $order " in *" $service "*) ;; *) echo "$service is left out" >>"$errors" ;; esac
done
if [ -n "${wrong-}" ] || [ -s "$errors" ]; then
	sort -u "$errors" >&2
	echo "service-order.sh: OpenRC would start the services in the wrong order or not at all: $order" >&2
	exit 1
fi
echo "service-order.sh: $order"
