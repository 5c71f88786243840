#!/bin/bash
# SPDX-License-Identifier: MIT
#
# peers.sh [--build DIR] - the attacks of memcage selftest under other sandboxes that are installed, each
# with the strictest options that its manual page shows for a command of one's own; prints a table of
# what each holds, in the form that the README has. No sandbox is judged by what it does not claim:
# most of these leave memory and verdicts to others.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$root/build
[ "${1-}" != --build ] || build=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

# An OCI bundle as `RUNTIME spec` makes it, but with the host's /usr, limits, nobody without capabilities,
# and the filter of system calls that container engines add where that is installed.
bundle() {
	mkdir -p "$work/$1/bundle/rootfs" && (cd "$work/$1/bundle" && "$1" spec) &&
		/usr/bin/python3 - "$work/$1/bundle" "$build" /usr/share/containers/seccomp.json <<'PYTHON'
import json, os, sys
bundle, build, profile = sys.argv[1:]
with open(bundle + "/config.json") as file:
    config = json.load(file)
config["process"].update(terminal=False, cwd=build, args=["true"], noNewPrivileges=True)
config["process"]["user"] = {"uid": 65534, "gid": 65534}
config["process"]["capabilities"] = {}
for path in ("/usr", build):
    os.makedirs(bundle + "/rootfs" + path, exist_ok=True)
    config["mounts"].append({"destination": path, "source": path, "type": "bind", "options": ["bind", "ro", "nosuid", "nodev"]})
for name in ("bin", "lib", "lib64"):
    os.symlink("usr/" + name, bundle + "/rootfs/" + name)
os.mkdir(bundle + "/rootfs/tmp")
config["mounts"].append({"destination": "/tmp", "source": "tmpfs", "type": "tmpfs", "options": ["size=64m", "nosuid", "nodev"]})
linux = config["linux"]
linux.setdefault("resources", {}).update(memory={"limit": 24 << 20, "swap": 24 << 20}, pids={"limit": 64})
if os.path.exists(profile):
    with open(profile) as file:
        seccomp = json.load(file)
    rules = [rule for rule in seccomp["syscalls"] if not rule.get("includes", {}).get("caps")
             and "CAP_" not in str(rule.get("includes")) and "amd64" in (rule.get("includes", {}).get("arches") or ["amd64"])]
    linux["seccomp"] = {"defaultAction": seccomp["defaultAction"], "architectures": ["SCMP_ARCH_X86_64"],
                        "syscalls": [{key: rule[key] for key in ("names", "action", "args", "errnoRet") if rule.get(key)}
                                     for rule in rules]}
    if "defaultErrnoRet" in seccomp:
        linux["seccomp"]["defaultErrnoRet"] = seccomp["defaultErrnoRet"]
with open(bundle + "/config.json", "w") as file:
    json.dump(config, file)
PYTHON
	# One run of a container has its command in the bundle's file.
	cat >"$work/$1/run" <<'RUN'
#!/bin/bash
work=$(dirname "$0") id=attack-$$
/usr/bin/python3 -c 'import json, sys
path = sys.argv[1]
config = json.load(open(path)); config["process"]["args"] = sys.argv[2:]
json.dump(config, open(path, "w"))' "$work/bundle/config.json" "$@"
exec "$(basename "$work")" run --bundle "$work/bundle" "$id"
RUN
	chmod +x "$work/$1/run"
}

names=() versions=()
# attack NAME VERSION CAGE...
attack() {
	names+=("$1") versions+=("$2")
	local name=$1
	shift 2
	timeout 1800 "$build/memcage" selftest --json ${1+-- "$@"} >"$work/$name.json" 2>"$work/$name.error" ||
		[ -s "$work/$name.json" ] || echo "$name: $(tail -n 1 "$work/$name.error")" >&2
}

attack memcage "$("$build/memcage" --version | cut -d ' ' -f 2)"
! command -v bwrap >/dev/null ||
	attack bubblewrap "$(bwrap --version | cut -d ' ' -f 2)" bwrap --unshare-all --die-with-parent --new-session --as-pid-1 \
		--clearenv --uid 1000 --gid 1000 --unshare-user --disable-userns --cap-drop ALL --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
		--proc /proc --dev /dev --tmpfs /tmp --ro-bind "$build" "$build" --
! command -v firejail >/dev/null ||
	attack firejail "$(firejail --version | awk 'NR == 1 { print $3 }')" firejail --quiet --noprofile --net=none --caps.drop=all \
		--seccomp --seccomp.block-secondary --restrict-namespaces --nonewprivs --nogroups --private --private-dev --private-tmp \
		--disable-mnt --ipc-namespace --rlimit-nproc=64 --rlimit-nofile=256 --rlimit-fsize=67108864 --
for runtime in crun runc; do
	! command -v $runtime >/dev/null || ! bundle $runtime ||
		attack $runtime "$($runtime --version | awk 'NR == 1 { print $3 }')" "$work/$runtime/run"
done
! command -v nsjail >/dev/null ||
	attack nsjail "$(nsjail --version 2>&1 | tail -n 1)" nsjail -Mo -q --rlimit_as 64 -R /usr -R "$build" -T /tmp --cgroup_mem_max 25165824 --
! command -v isolate >/dev/null || attack isolate "$(isolate --version | awk 'NR == 1 { print $NF }')" \
	isolate --cg --cg-mem=24576 --dir="$build" --run --

echo "$(date -u +%F), Linux $(uname -r), as $(id -un):"
echo
/usr/bin/python3 - "$work" "${names[@]}" -- "${versions[@]}" <<'PYTHON'
import json, sys
work, words = sys.argv[1], sys.argv[2:]
names, versions = words[:words.index("--")], words[words.index("--") + 1:]
ROWS = ("limit before the first instruction", "swap", "kinds of memory", "what is left behind", "every process ends",
        "fork bombs", "supervisor killed", "control group", "other processes", "descriptors", "the caller's state", "files",
        "outputs", "namespaces", "system calls", "network", "/proc and /sys", "channels between runs", "output floods",
        "other resources", "forged evidence", "races with the verdict", "names", "privileges", "fail closed")
results = {}
for name in names:
    try:
        with open(f"{work}/{name}.json") as file:
            results[name] = json.load(file)
    except ValueError:
        results[name] = None
version_of = dict(zip(names, versions))
names = [name for name in names if results[name]]
print("| held, of those that work without a cage | " + " | ".join(
    f"{name} {version_of[name]}" for name in names) + " |")
print("|---|" + "---|" * len(names))
def cell(rows):
    tried = [one for one in rows if one["outcome"] != "not_applicable"]
    return f"{sum(one['outcome'] == 'held' for one in tried)} / {len(tried)}"
for number, title in enumerate(ROWS, 1):
    print(f"| {number} {title} | " + " | ".join(cell([one for one in results[name] if one["row"] == number]) for name in names) + " |")
print("| all | " + " | ".join(cell(results[name]) for name in names) + " |")
PYTHON
