# Sourced by the provision scripts. Each of them defines `is_there`, and calls `provision`.

# provision NEED PACKAGE…: installs Debian packages when `is_there` fails, as root or by sudo, or says what to install.
# Starts and enables no service of these packages.
provision() {
	need=$1
	shift
	packages=$*
	if is_there; then return; fi
	command -v apt-get >/dev/null || give_up "not installed, and there is no apt-get to install it with"

	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || give_up "not installed, and only root may install it (there is no sudo)"
		if [ -t 0 ]; then exec sudo sh "$0"; fi
		sudo -n true 2>/dev/null || give_up "not installed, and sudo asks for a password"
		exec sudo -n sh "$0"
	fi

	echo "installing $packages for the tests" >&2
	log=$(mktemp)
	policy=/usr/sbin/policy-rc.d
	made_policy=
	trap clean_up EXIT
	trap 'exit 1' HUP INT TERM

	# Debian's installer runs this file to ask whether it may start a service
	if [ ! -e "$policy" ]; then
		made_policy=yes
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod 755 "$policy"
	fi

	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update >"$log" 2>&1 || true # older package lists may do
	if ! apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@" >>"$log" 2>&1; then
		tail -n 20 "$log" >&2
		give_up "apt-get could not install it, as said above"
	fi
	if command -v systemctl >/dev/null; then
		for package; do systemctl --quiet disable "$package" >/dev/null 2>&1 || true; done # most packages have no service
	fi
	is_there || give_up "what was installed does not have it"
}

give_up() {
	echo "the tests need $need: $1" >&2
	echo "install $packages (their services need not run), then try again" >&2
	exit 1
}

clean_up() {
	rm -f "$log"
	if [ -n "$made_policy" ]; then rm -f "$policy"; fi
}
