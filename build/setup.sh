#!/usr/bin/env bash
# Makes a machine ready for what the other scripts do, and does nothing where it is ready.
#   build/setup.sh            everything that ./run needs
#   build/setup.sh STEP…      some of: tools postgres web programs client browser rabbitmq thumbnails
# tools     checks the .NET 10 SDK, Node.js 20.19 or later, npm
# postgres  the PostgreSQL programs, into build/postgres/node_modules
# web       the page, into src/Web
# programs  the .NET programs that ./run starts, Release
# client    the command line, ./media
# browser   what the browser tests need: tests/Browser, and Chromium where it can be installed
# rabbitmq  the RabbitMQ broker that tests start for themselves, where it can be installed
# thumbnails  the programs that make thumbnails, where they can be installed: libvips' and ffmpeg
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
stamps=.tools/stamps
mkdir -p "$stamps"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1
# Build servers would outlive the command that started them.
export MSBUILDDISABLENODEREUSE=1 DOTNET_CLI_USE_MSBUILD_SERVER=0

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
can_apt() { [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ] && command -v apt-get >/dev/null; }

# apt_install PACKAGE…: whether they could be installed. Silent but for what went wrong.
apt_install() {
  can_apt || return 1
  say "Installing $* …"
  if ! { [ -n "${apt_updated:-}" ] || apt-get update -qq; } >"$stamps/apt.log" 2>&1; then cat "$stamps/apt.log" >&2; return 1; fi
  apt_updated=1
  if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$stamps/apt.log" 2>&1 </dev/null; then
    tail -20 "$stamps/apt.log" >&2
    return 1
  fi
}

# newer STAMP PATH…: whether a file or folder below the paths changed since the stamp. What builds produce does not count.
newer() {
  local stamp=$1; shift
  [ -f "$stamp" ] || return 0
  local found
  found=$(find "$@" \( -name bin -o -name obj -o -name dist -o -name node_modules -o -name TestResults \) -prune -o -newer "$stamp" -print 2>/dev/null | head -1)
  [ -n "$found" ]
}

# quietly TEXT COMMAND…: says what is going on, and shows the command's output only when it fails.
quietly() {
  local text=$1; shift
  say "$text"
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

# npm_ci FOLDER TEXT: installs what the lock file says when it changed since the last time.
npm_ci() {
  local stamp=$1/node_modules/.installed
  if [ -f "$stamp" ] && [ ! "$1/package-lock.json" -nt "$stamp" ] && [ ! "$1/package.json" -nt "$stamp" ]; then return; fi
  quietly "$2" npm --prefix "$1" ci --no-audit --no-fund || quietly "$2 (once more)" npm --prefix "$1" ci --no-audit --no-fund \
    || fail "npm could not install what $1/package-lock.json lists."
  touch "$stamp"
}

node_is_new() { node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' 2>/dev/null; }

tools() {
  if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^10\.'; then
    fail "The .NET 10 SDK is missing. Install it from https://dotnet.microsoft.com/download/dotnet/10.0 (or your system's packages), so that 'dotnet --list-sdks' shows 10.x."
  fi
  if ! node_is_new || ! command -v npm >/dev/null; then
    apt_install nodejs npm || true
    hash -r
  fi
  node_is_new || fail "Node.js 20.19 or later is missing (found: $(node --version 2>/dev/null || echo none)). Install it from https://nodejs.org/ or your system's packages."
  command -v npm >/dev/null || fail "npm is missing. It comes with Node.js from https://nodejs.org/."
}

postgres() { npm_ci build/postgres "Installing PostgreSQL 18 …"; }

web() {
  [ -f src/Web/package.json ] || return 0
  npm_ci src/Web "Installing what the page is made of …"
  if [ ! -d src/Web/app/dist ] || [ ! -d src/Web/fuji/dist ] || newer "$stamps/web" src/Web; then
    quietly "Building the page …" npm --prefix src/Web run build || fail "The page could not be built."
    touch "$stamps/web"
  fi
}

programs() {
  [ -f artifacts/programs/AppHost/Media.AppHost.dll ] || rm -f "$stamps/programs"
  newer "$stamps/programs" src Directory.Build.props Directory.Build.targets Directory.Packages.props global.json build/ActorRuntime.targets || return 0
  local first=""
  [ -f "$stamps/programs" ] || first=" (the first time takes one or two minutes)"
  quietly "Building the programs$first …" publish_programs || fail "The programs could not be built."
  touch "$stamps/programs"
}

# Compiled ahead of time they are ready sooner, and faster in their first minutes. That needs a package of its own, so it does without where there is none.
publish_programs() {
  local work=artifacts/programs.work
  publish_to "$work" --use-current-runtime --no-self-contained -p:PublishReadyToRun=true || publish_to "$work" || return 1
  rm -rf artifacts/programs
  mv "$work/publish" artifacts/programs
}

# publish_to FOLDER OPTION…: builds there, so that no other build meets it, and leaves the programs in FOLDER/publish.
publish_to() {
  local work=$1 program
  shift
  rm -rf "$work/publish"
  for program in Api DevStorage AppHost; do
    dotnet publish "src/$program/Media.$program.csproj" -c Release --artifacts-path "$work" -o "$work/publish/$program" -v q --nologo \
      -p:TieredPGO=false -p:RunAnalyzers=false -p:UseSharedCompilation=false "$@" || return 1
  done
}

client() { quietly "Building the command line …" ./media version || fail "The command line could not be built."; }

find_chromium() {
  local candidate
  for candidate in "${MEDIA_CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
    [ -n "$candidate" ] || continue
    command -v "$candidate" 2>/dev/null && return 0
  done
  return 1
}

browser() {
  [ -f tests/Browser/package.json ] || return 0
  npm_ci tests/Browser "Installing what drives the browser …"
  find_chromium >/dev/null || apt_install chromium || true
  find_chromium >/dev/null || fail "The browser tests need Chromium or Chrome. Install it, or name its program in MEDIA_CHROMIUM."
}

# The package would start a broker of its own; a policy of the moment keeps it from that.
rabbitmq() {
  if [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || [ -x /opt/homebrew/sbin/rabbitmq-server ] || [ -x /usr/local/sbin/rabbitmq-server ]; then return; fi
  local policy=/usr/sbin/policy-rc.d made=""
  if can_apt && [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    made=yes
  fi
  apt_install rabbitmq-server || say "RabbitMQ is not installed: its tests cannot run. Install rabbitmq-server from your system's packages."
  if [ -n "$made" ]; then rm -f "$policy"; fi
}

thumbnails() {
  local program missing=""
  for program in vipsthumbnail vipsheader vips ffmpeg; do command -v $program >/dev/null || missing="$missing $program"; done
  [ -n "$missing" ] || return 0
  apt_install libvips-tools ffmpeg || say "Thumbnails lack$missing, and their tests cannot run. Install libvips' programs and ffmpeg: see docs/thumbnails.md."
}

setup() {
  # Two commands in one clone must not install into the same folder at once.
  if command -v flock >/dev/null; then
    exec 8>"$stamps/lock"
    flock 8
  fi
  local step
  for step in "$@"; do "$step"; done
  exec 8>&-
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  if [ $# = 0 ]; then set -- tools postgres web programs; fi
  for step in "$@"; do
    case $step in tools | postgres | web | programs | client | browser | rabbitmq | thumbnails) ;; *) fail "There is no step '$step'. See the top of build/setup.sh." ;; esac
  done
  setup "$@"
fi
