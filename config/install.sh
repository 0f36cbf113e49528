#!/bin/sh
# Installs what Kiesplek runs on (`run`) and what its tests need on top of that (`all`), each part only when it
# is missing or its lock changed. Nothing here waits for an answer.
set -eu

wanted=${1:?run or all}
cd "$(dirname "$0")/.."
stamps=var/setup
mkdir -p "$stamps"
# Two set-ups of one checkout at the same time take turns.
exec 9>"$stamps/lock"
flock 9

stop() {
    printf '\nKiesplek cannot be set up: %s\n' "$1" >&2
    exit 1
}

# On a terminal the seconds are seen to pass.
ticker=
tick() {
    [ -t 1 ] || return 0
    while sleep 1; do printf '\r%-34s%4s s' "$1" $(($(date +%s) - $2)); done &
    ticker=$!
}
tock() {
    [ -z "$ticker" ] || kill "$ticker" 2>/dev/null || true
    ticker=
}
trap tock EXIT
trap 'exit 130' INT TERM HUP

# step LABEL KEY COMMAND...: run the command, unless it succeeded before with the same key.
remedy="see that this machine reaches the package registries"
step() {
    label=$1 key=$2
    shift 2
    stamp=$stamps/$(printf %s "$label" | tr ' ' '-')
    [ "$(cat "$stamp" 2>/dev/null)" != "$key" ] || return 0
    printf '%-34s' "$label"
    began=$(date +%s)
    tick "$label" "$began"
    if ! "$@" >"$stamp.log" 2>&1 </dev/null; then
        tock
        reason=$(grep -iE 'error|E: |not found|denied' "$stamp.log" | tail -n 1)
        stop "$label failed (${reason:-$(tail -n 1 "$stamp.log")}); $remedy, look into $stamp.log, and run make again."
    fi
    tock
    printf '%s' "$key" >"$stamp"
    [ ! -t 1 ] || printf '\r%-34s' "$label"
    printf '%4s s\n' $(($(date +%s) - began))
}

hash_of() { cat "$@" 2>/dev/null | sha256sum | cut -c1-64; }

# --- what Debian ships ---------------------------------------------------------------------------------

has_postgis() {
    for control in /usr/share/postgresql/*/extension/postgis.control; do
        version=$(basename "$(dirname "$(dirname "$control")")")
        [ ! -x "/usr/lib/postgresql/$version/bin/initdb" ] || return 0
    done
    return 1
}

has_library() { python3 -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1" 2>/dev/null; }

# The packages that are missing, one a line; a thing that came in another way than by its package counts as there.
missing() {
    has_postgis || echo postgis
    python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3-venv
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
    command -v msgfmt >/dev/null || echo gettext
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || echo fonts-dejavu-core
    # What the PDF reports are set with, loaded by these names.
    has_library libpango-1.0.so.0 || echo libpango-1.0-0
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    [ "$wanted" = run ] || command -v chromium >/dev/null || echo chromium
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

apt_get() {
    as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 UCF_FORCE_CONFFOLD=1 \
        apt-get -y -q -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold "$@"
}

# The names of the packages: the newest PostgreSQL that has PostGIS, with its server.
packages() {
    for name in "$@"; do
        if [ "$name" = postgis ]; then
            version=$(apt-cache search --names-only '^postgresql-[0-9]+-postgis-3$' | cut -d- -f2 | sort -n | tail -n 1)
            [ -z "$version" ] || echo "postgresql-$version postgresql-$version-postgis-3"
            [ -n "$version" ] || echo postgresql-postgis
        else
            echo "$name"
        fi
    done
}

all_known() {
    for name in "$@"; do
        apt-cache policy "$name" | grep -q '^  Candidate: [^(]' || return 1
    done
}

# Debian would start a cluster of its own beside ours, on the port that others expect free.
no_cluster_of_debian() {
    as_root sh -c '
        mkdir -p /etc/postgresql-common
        file=/etc/postgresql-common/createcluster.conf
        touch "$file"
        sed -i "/^[[:space:]]*create_main_cluster/d" "$file"
        echo "create_main_cluster = false" >>"$file"'
}

install_packages() {
    # shellcheck disable=SC2046 # one word a package
    set -- $(missing)
    # shellcheck disable=SC2046
    if ! all_known $(packages "$@"); then apt_get update || true; fi
    case " $* " in *" postgis "*) no_cluster_of_debian || true ;; esac
    # shellcheck disable=SC2046
    apt_get --no-install-recommends install $(packages "$@") && return
    # Lists that have grown old name files that the mirror no longer has.
    apt_get update
    # shellcheck disable=SC2046
    apt_get --no-install-recommends install $(packages "$@")
}

if [ -n "$(missing)" ]; then
    command -v apt-get >/dev/null ||
        stop "there is no apt-get here for $(missing | paste -sd' '); install these in this system's own way and run make again."
    names=$(packages $(missing) | paste -sd' ')
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null ||
        stop "this account may not install packages; have an administrator run 'apt-get install $names' and run make again."
    rm -f "$stamps/System-packages"
    any=$remedy
    remedy="install $names by hand or see that this machine reaches its package mirror"
    step "System packages" "$names" install_packages
    remedy=$any
    [ -z "$(missing)" ] ||
        stop "$(missing | paste -sd' ') cannot be found even after installing $names; look into $stamps/System-packages.log."
fi

python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "it needs Python 3.11 or newer and $(command -v python3) is $(python3 -V | cut -d' ' -f2); put a newer python3 first on PATH."
[ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ] ||
    stop "it needs Node 18 or newer and $(command -v node) is $(node -v); install a newer nodejs."

# --- Python, JavaScript, and what is made from them ------------------------------------------------------

python=.venv/bin/python
# A virtual environment knows the path it was made at, and breaks when its interpreter is replaced.
venv_fits() {
    grep -qF "$(pwd)/.venv" .venv/bin/activate 2>/dev/null &&
        $python -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}
# Removed rather than cleared: were it a link, clearing would empty what it points to.
make_venv() { rm -rf .venv && python3 -m venv .venv && rm -f "$stamps/Python-packages" "$stamps/Test-packages"; }
if ! venv_fits; then
    rm -f "$stamps/Virtual-environment"
    step "Virtual environment" made make_venv
fi

pip_install() { $python -m pip install --no-input --disable-pip-version-check --require-hashes -r "$1"; }
step "Python packages" "$(hash_of requirements.txt)" pip_install requirements.txt
[ "$wanted" = run ] || step "Test packages" "$(hash_of requirements.txt requirements-dev.txt)" pip_install requirements-dev.txt

# The tests of the standard have needs of their own, which do not agree with ours.
make_ogctests() {
    rm -rf var/ogctests && python3 -m venv var/ogctests &&
        var/ogctests/bin/python -m pip install --no-input --disable-pip-version-check --require-hashes -r requirements-ogctests.txt
}
[ -x var/ogctests/bin/python ] || rm -f "$stamps/Tests-of-the-standard"
[ "$wanted" = run ] || step "Tests of the standard" "$(hash_of requirements-ogctests.txt)" make_ogctests

[ -d node_modules ] || rm -f "$stamps/JavaScript-packages"
step "JavaScript packages" "$(hash_of package.json package-lock.json)" npm ci --ignore-scripts --no-audit --no-fund
[ -d var/vendor ] || rm -f "$stamps/Files-for-the-browser"
step "Files for the browser" "$(hash_of package-lock.json config/vendor.py)" $python config/vendor.py

catalogues() { find config -name "*.po" | sort; }
translate() {
    catalogues | while read -r po; do
        msgfmt --check-format --output-file="${po%.po}.mo" "$po" || exit 1
    done
}
[ "$(find config -name '*.mo' | wc -l)" = "$(catalogues | wc -l)" ] || rm -f "$stamps/Translations"
# shellcheck disable=SC2046
step "Translations" "$(hash_of /dev/null $(catalogues))" translate

[ -d var/static ] || rm -f "$stamps/Static-files"
static=$(find geo participation siting config var/vendor -path '*/static/*' -printf '%p %s %T@\n' -o -path 'var/vendor/*' -printf '%p %s %T@\n' | sort | sha256sum | cut -c1-64)
step "Static files" "$static $(hash_of requirements.txt config/settings.py)" \
    env KIESPLEK_DEMO=1 $python manage.py collectstatic --no-input --verbosity 0
