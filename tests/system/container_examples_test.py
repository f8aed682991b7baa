#!/usr/bin/env python3
"""What examples/container and docs/containers.md tell people to run is what crond takes.

Usage: container_examples_test.py TREE CROND
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import yaml

TREE = pathlib.Path(sys.argv[1])
CROND = sys.argv[2]
EXAMPLES = TREE / "examples" / "container"
TABLES = EXAMPLES / "tables"
PAGE = TREE / "docs" / "containers.md"
BAD_COMMAND_LINE = 2
GRACE_DEFAULT_S = 25

failures = []


def check(is_true, what):
    if not is_true:
        failures.append(what)


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def run(arguments):
    return subprocess.run([CROND, *arguments], capture_output=True, text=True, timeout=60)


def check_start(where, words, tables):
    """That crond understands `words`, and finds no fault with the tables in them.

    `tables`: the folder that the container sees as /tables.
    """
    check(pathlib.PurePath(words[0]).name == "crond", f"{where}: {words[0]} is not crond")
    with tempfile.TemporaryDirectory() as state:
        places = {"/tables": str(tables), "/state": state}
        words = [re.sub("^/(tables|state)\\b", lambda found: places[found[0]], word) for word in words]
        done = run([*words[1:], "--test"])
    check(done.returncode == 0 and not done.stderr, f"{where}: {words}: {done.returncode} {done.stdout}{done.stderr}")


def check_probe(where, words):
    check(pathlib.PurePath(words[0]).name == "crond", f"{where}: {words[0]} is not crond")
    check(words[1:] == ["--alive"], f"{where}: {words} is no question")
    check(run(words[1:]).returncode != BAD_COMMAND_LINE, f"{where}: {words} is not understood")


def grace_of(words):
    return seconds(words[words.index("--grace") + 1]) if "--grace" in words else GRACE_DEFAULT_S


def words_of(dockerfile):
    """The last ENTRYPOINT, CMD and CMD of HEALTHCHECK of a Dockerfile."""
    found = {}
    for line in dockerfile.read_text().splitlines():
        match = re.fullmatch(r"(ENTRYPOINT|CMD|HEALTHCHECK .*CMD) (\[.*\])", line)
        if match:
            found[match[1].split()[0]] = json.loads(match[2])
    return found


def check_dockerfile(path):
    words = words_of(path)
    check_start(path.name, words["ENTRYPOINT"] + words["CMD"], TABLES)
    check_probe(path.name, words["HEALTHCHECK"])
    text = path.read_text()
    check(re.search(r"^USER [1-9]\d*:\d+$", text, re.M), f"{path.name}: runs as root")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", text, re.M):
        check((TREE / source).exists(), f"{path.name}: there is no {source}")
    for command in re.findall(r"/belfry/dev (\w+)", text):
        check(f"\n  {command} " in (TREE / "dev").read_text(), f"{path.name}: there is no ./dev {command}")
    return words


def check_compose(entrypoint):
    service = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())["services"]["cron"]
    check_start("compose.yaml", entrypoint + service["command"], TABLES)
    check((TREE / service["build"]["dockerfile"]).exists(), "compose.yaml: there is no such Dockerfile")
    check((EXAMPLES / service["build"]["context"]).resolve() == TREE.resolve(), "compose.yaml: another tree")
    check(service["read_only"] is True and service["cap_drop"] == ["ALL"], "compose.yaml: may do too much")
    check(seconds(service["stop_grace_period"]) > grace_of(service["command"]), "compose.yaml: kills within the grace")
    binds = [volume for volume in service["volumes"] if isinstance(volume, dict)]
    check([EXAMPLES / bind["source"] == TABLES and bind["target"] == "/tables" for bind in binds] == [True],
          "compose.yaml: /tables is not the folder of the tables")


def check_kubernetes(entrypoint):
    documents = {document["kind"]: document for document in yaml.safe_load_all((EXAMPLES / "kubernetes.yaml").read_text())}
    check(set(documents) == {"ConfigMap", "PersistentVolumeClaim", "Deployment"}, f"kubernetes.yaml: has {set(documents)}")
    deployment = documents["Deployment"]["spec"]
    check(deployment["replicas"] == 1 and deployment["strategy"] == {"type": "Recreate"}, "kubernetes.yaml: two at once")
    check(deployment["selector"]["matchLabels"] == deployment["template"]["metadata"]["labels"], "kubernetes.yaml: selects others")
    pod = deployment["template"]["spec"]
    container, = pod["containers"]
    with tempfile.TemporaryDirectory() as folder:
        for name, text in documents["ConfigMap"]["data"].items():
            pathlib.Path(folder, name).write_text(text)
        check_start("kubernetes.yaml", entrypoint + container["args"], folder)
    for probe in ("startupProbe", "livenessProbe"):
        check_probe(f"kubernetes.yaml: {probe}", container[probe]["exec"]["command"])
    check(pod["terminationGracePeriodSeconds"] > grace_of(container["args"]), "kubernetes.yaml: kills within the grace")
    check(pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] > 0, "kubernetes.yaml: root")
    check(container["securityContext"] == {"readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False,
                                           "capabilities": {"drop": ["ALL"]}}, "kubernetes.yaml: may do too much")
    mounts = {mount["name"]: mount for mount in container["volumeMounts"]}
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    check(set(mounts) == set(volumes), "kubernetes.yaml: mounts and volumes are not the same")
    check(mounts["tables"]["mountPath"] == "/tables" and "subPath" not in mounts["tables"], "kubernetes.yaml: never changes")
    check(volumes["tables"]["configMap"]["name"] == documents["ConfigMap"]["metadata"]["name"], "kubernetes.yaml: no such map")
    check(volumes["state"]["persistentVolumeClaim"]["claimName"] == documents["PersistentVolumeClaim"]["metadata"]["name"],
          "kubernetes.yaml: no such claim")
    check(mounts["state"]["mountPath"] == container["args"][container["args"].index("--state") + 1],
          "kubernetes.yaml: the record is not on the volume")


def check_page():
    text = PAGE.read_text()
    check(len(re.findall(r"^## .*\?$", text, re.M)) >= 10, "containers.md: answers less than ten questions")
    known = set(re.findall(r"--[a-z][a-z-]*", run(["--help"]).stdout))
    # The options of crond: on a line that calls it, and those that stand alone in a sentence.
    for line in text.splitlines():
        called = re.search(r"\b(?:crond|belfry(?::\w+)?)((?: .*)?)$", line) if line.startswith("    ") else None
        spoken = " ".join(re.findall(r"`(--[a-z][^`]*)`", line))
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", f"{called[1] if called else ''} {spoken}"):
            check(option in known, f"containers.md: crond has no {option}")
    manual = (TREE / "docs" / "man" / "crontab.5").read_text()
    for name in set(re.findall(r"\b(?:CRON_[A-Z_]+|RANDOM_DELAY)\b", text)):
        check(re.search(rf"\b{name}\b", manual), f"containers.md: crontab(5) has no {name}")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        check((PAGE.parent / target).exists(), f"containers.md: there is no {target}")
    for target in re.findall(r"`(examples/[\w/.-]+)`", text):
        check((TREE / target).exists(), f"containers.md: there is no {target}")


dockerfile = check_dockerfile(EXAMPLES / "Dockerfile")
check_dockerfile(EXAMPLES / "Dockerfile.minimal")
check_compose(dockerfile["ENTRYPOINT"])
check_kubernetes(dockerfile["ENTRYPOINT"])
check_page()
if failures:
    sys.exit("\n".join(failures))
