"""Packages and environments, from archives made by hand: nothing here needs a network."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from submit import launcher
from tests.launcher.conftest import UV, Replica, linux_only, task_in, wait_until

needs_uv = pytest.mark.skipif(UV is None, reason="uv is not installed")
INSTALLERS = [pytest.param(UV, marks=needs_uv, id="uv"), pytest.param(None, id="pip")]


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    """A wheel as the format asks for it: metadata and a record of all digests."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    members = {
        **files,
        f"{info}/METADATA": metadata
        + "".join(f"Requires-Dist: {text}\n" for text in requires)
        + "\nRequires-Dist: no\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{info}/RECORD"
    rows = [f"{path},{record_digest(text)},{len(text.encode())}" for path, text in members.items()]
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**members, record: "\n".join([*rows, f"{record},,\n"])}.items():
            archive.writestr(path, text)
    return wheel


def record_digest(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def make_sdist(folder: Path, name: str, version: str, files: dict[str, str]) -> Path:
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for member, text in files.items():
            info = tarfile.TarInfo(f"{name}-{version}/{member}")
            info.size = len(text.encode())
            archive.addfile(info, io.BytesIO(text.encode()))
    return path


def package(path: Path) -> dict[str, str]:
    return {"path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


@pytest.fixture(scope="module")
def uv_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv")


@pytest.fixture
def offline(replica: Replica, tmp_path: Path, uv_cache: Path) -> Replica:
    """A replica with a cache of its own whose installers find only what is in the folder `wheels`."""
    links = tmp_path / "wheels"
    links.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}
    replica.env = kept | {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_FIND_LINKS": str(links),
        "PIP_NO_INDEX": "1",
        "UV_NO_CONFIG": "1",
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(uv_cache),
        "UV_FIND_LINKS": str(links),
    }
    replica.task |= {"cache": str(tmp_path / "cache"), "module": "pkg.task"}
    return replica


PRINTS_WHERE_FROM = {"pkg/__init__.py": "", "pkg/task.py": "import sys; print(__file__); print(sys.prefix)"}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_package_is_installed_once_and_run_from_the_cache(
    offline: Replica, tmp_path: Path, installer: str | None
) -> None:
    wheel = make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM)
    offline.task |= {"packages": [package(wheel)], "installer": installer}

    assert offline.run() == 0
    first = offline.log()
    Path(offline.task["log"]).unlink()
    wheel.unlink()  # what was installed from a verified archive needs it no more
    assert offline.run() == 0

    cache = offline.task["cache"]
    source, prefix = offline.output()
    assert source.startswith(f"{cache}/packages/")
    assert source.endswith("/pkg/task.py")
    assert prefix.startswith(f"{cache}/environments/")
    assert first[0]["message"] == f"Installing the package: {wheel}"
    assert offline.log()[0]["message"] == "Running command: python3 -m pkg.task"
    assert offline.record()["environment"] == ["pkg==1.0"]
    assert list(Path(source).parent.glob("__pycache__/task.*.pyc"))


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_source_archive_is_built_without_a_network(offline: Replica, tmp_path: Path, installer: str | None) -> None:
    setup = "from setuptools import setup; setup(name='pkg', version='1.0', packages=['pkg'])"
    sdist = make_sdist(tmp_path, "pkg", "1.0", {"setup.py": setup, **PRINTS_WHERE_FROM})
    offline.task |= {"packages": [package(sdist)], "installer": installer, "builder": sys.executable}

    assert offline.run() == 0

    assert offline.record()["environment"] == ["pkg==1.0"]


@pytest.mark.parametrize("installer", INSTALLERS)
def test_requirements_are_installed_into_an_environment(
    offline: Replica, tmp_path: Path, installer: str | None
) -> None:
    make_wheel(tmp_path / "wheels", "dep_a", "2.0", {"dep_a.py": "value = 42"}, ("dep-b",))
    make_wheel(tmp_path / "wheels", "dep_b", "3.0", {"dep_b.py": ""})
    helper = make_wheel(tmp_path, "own_helper", "0.1", {"own_helper.py": "value = 1"})
    requires = ("Dep.A>=1", "own-helper", "nothing ; extra == 'dev'", "none; (python_version<'3') and (extra=='x')")
    files = {"pkg/__init__.py": "", "pkg/task.py": "import dep_a, own_helper; print(dep_a.value + own_helper.value)"}
    wheel = make_wheel(tmp_path, "pkg", "1.0", files, requires)
    offline.task |= {"packages": [package(wheel), package(helper)], "installer": installer}

    assert offline.run() == 0

    assert offline.output() == ["43"]
    assert offline.record()["environment"] == ["pkg==1.0", "own-helper==0.1", "dep-a==2.0", "dep-b==3.0"]
    assert "Installing the requirements: Dep.A>=1" in [entry["message"] for entry in offline.log()]
    assert list(Path(offline.task["cache"]).glob("environments/*/lib/*/site-packages/__pycache__/dep_a.*.pyc"))


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_requirement_that_cannot_be_found_is_told_in_the_installers_words(
    offline: Replica, tmp_path: Path, installer: str | None
) -> None:
    wheel = make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM, ("no-such-thing-at-all>=7",))
    offline.task |= {"packages": [package(wheel)], "installer": installer}

    assert offline.run() == 125

    record = offline.record()
    assert (record["exit_code"], record["cause"]) == (None, "environment")
    assert record["message"] == "the trainer's requirements cannot be installed"
    assert "no-such-thing-at-all" in record["traceback"]
    errors = [entry for entry in offline.log() if entry["severity"] == "ERROR"]
    assert errors[0]["message"] == "the trainer's requirements cannot be installed"
    assert "no-such-thing-at-all" in errors[1]["message"]
    (left,) = Path(offline.task["cache"], "environments").iterdir()
    assert left.suffix == ".json"


def test_a_package_that_cannot_be_built_is_told(offline: Replica, tmp_path: Path) -> None:
    sdist = make_sdist(tmp_path, "pkg", "1.0", {"setup.py": "raise RuntimeError('this setup is broken')"})
    offline.task |= {"packages": [package(sdist)], "builder": sys.executable}

    assert offline.run() == 125

    record = offline.record()
    assert (record["cause"], record["message"]) == ("environment", f"the package {sdist} cannot be installed")
    assert "this setup is broken" in record["traceback"]


def test_another_digest_is_refused(offline: Replica, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM)
    submitted = package(wheel)
    make_wheel(tmp_path, "pkg", "1.0", {**PRINTS_WHERE_FROM, "evil.py": ""})
    offline.task["packages"] = [submitted]

    assert offline.run() == 125

    record = offline.record()
    expected = (
        f"is not the one that was submitted: its sha256 is {package(wheel)['sha256']} instead of {submitted['sha256']}"
    )
    assert (record["cause"], record["message"]) == ("environment", f"the package {wheel} {expected}")


def test_a_package_that_is_not_there_is_told(offline: Replica) -> None:
    offline.task["packages"] = [{"path": "/nowhere/pkg-1.tar.gz", "sha256": "0" * 64}]

    assert offline.run() == 125

    assert offline.record()["message"] == "the package /nowhere/pkg-1.tar.gz cannot be read"


def test_the_users_own_packages_are_not_visible(offline: Replica, tmp_path: Path) -> None:
    user_site = tmp_path / "home/.local/lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    user_site.mkdir(parents=True)
    (user_site / "mine.py").write_text("")
    offline.env |= {"HOME": str(tmp_path / "home")}
    files = {
        "pkg/__init__.py": "",
        "pkg/task.py": "import sys, importlib.util as u; print(u.find_spec('mine'), u.find_spec('pytest'))",
    }
    offline.task["packages"] = [package(make_wheel(tmp_path, "pkg", "1.0", files))]

    assert offline.run() == 0

    assert offline.output() == ["None None"]


def test_many_launchers_that_want_the_same_build_it_once(offline: Replica, tmp_path: Path) -> None:
    make_wheel(tmp_path / "wheels", "dep_a", "2.0", {"dep_a.py": ""})
    wheel = make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM, ("dep-a",))
    replicas = []
    for n in range(4):
        folder = tmp_path / str(n)
        folder.mkdir()
        task: dict[str, Any] = task_in(folder, Path(offline.task["cache"]))
        task |= {"packages": [package(wheel)], "module": "pkg.task"}
        replicas.append(Replica(task, folder, env=offline.env))

    for replica in replicas:
        replica.start(control=False)
    assert [replica.wait() for replica in replicas] == [0, 0, 0, 0]

    messages = [entry["message"] for replica in replicas for entry in replica.log()]
    assert sum(message.startswith("Installing the package") for message in messages) == 1
    assert sum(message.startswith("Installing the requirements") for message in messages) == 1
    assert len({replica.output()[1] for replica in replicas}) == 1


def test_what_a_dead_launcher_had_begun_is_begun_anew(offline: Replica, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.touch()
    setup = f"""
import os, time
from setuptools import setup
if os.path.exists({str(slow)!r}):
    open({str(tmp_path / "building")!r}, "w").close()
    time.sleep(600)
setup(name="pkg", version="1.0", packages=["pkg"])
"""
    sdist = make_sdist(tmp_path, "pkg", "1.0", {"setup.py": setup, **PRINTS_WHERE_FROM})
    offline.task |= {"packages": [package(sdist)], "builder": sys.executable}
    offline.start(control=False)
    wait_until((tmp_path / "building").exists)
    assert offline.process
    offline.process.kill()
    offline.process.wait()
    cache = Path(offline.task["cache"])
    (note,) = cache.glob("packages/*.json")
    half = note.parent / json.loads(note.read_text())["building"]
    (half / "half").mkdir(parents=True)
    slow.unlink()

    assert offline.run() == 0

    assert not half.exists()
    assert len([path for path in note.parent.iterdir() if path.is_dir()]) == 1


def test_a_cache_that_somebody_has_emptied_is_filled_anew(offline: Replica, tmp_path: Path) -> None:
    offline.task["packages"] = [package(make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM))]
    assert offline.run() == 0
    for made in Path(offline.task["cache"]).glob("*/*.*/"):
        if made.is_dir():
            shutil.rmtree(made)

    assert offline.run() == 0


def test_a_launcher_that_waits_for_anothers_build_obeys_an_order(offline: Replica, tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM)
    offline.task["packages"] = [package(wheel)]
    assert offline.run() == 0
    cache = Path(offline.task["cache"])
    (note,) = cache.glob("packages/*.json")
    note.write_text("")
    with note.open("r+") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        offline.start()
        offline.tell("term 60")
        assert offline.wait(5) == 143
    assert offline.record()["cause"] == "terminated"


def test_another_machine_that_builds_is_waited_for_as_long_as_it_gives_signs_of_life(tmp_path: Path) -> None:
    """Its lock need not be seen here."""
    theirs = tmp_path / "cache" / "kind" / "key"
    (theirs.parent / "key.half").mkdir(parents=True)
    file = theirs.with_suffix(".json")
    file.write_text(json.dumps({"building": "key.half", "host": "elsewhere"}))
    note = launcher.Note(str(theirs), "here", silent_s=0.3)

    assert not launcher.in_turn(note, makes_folder)
    launcher.Note(str(theirs), "elsewhere").look()
    assert not launcher.in_turn(note, makes_folder)
    wait_until(lambda: launcher.in_turn(note, makes_folder))

    found = note.read()
    assert found
    assert Path(found[0], "made").exists()
    assert not (theirs.parent / "key.half").exists()


def test_a_lock_that_outlives_its_machine_is_given_up(tmp_path: Path) -> None:
    (tmp_path / "key.json").touch()
    with subprocess.Popen([sys.executable, "-c", HOLDS_LOCK, tmp_path / "key.json"], stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        holder.stdout.readline()
        note = launcher.Note(str(tmp_path / "key"), "here", silent_s=0.3)
        assert not launcher.in_turn(note, makes_folder)
        wait_until(lambda: launcher.in_turn(note, makes_folder))
        holder.kill()
    assert note.read()


HOLDS_LOCK = """
import fcntl, sys, time
with open(sys.argv[1], "r+") as file:
    fcntl.lockf(file, fcntl.LOCK_EX)
    print(flush=True)
    time.sleep(600)
"""


def makes_folder(folder: str) -> dict[str, Any]:
    Path(folder).mkdir()
    Path(folder, "made").touch()
    return {}


@linux_only
def test_machines_of_another_architecture_have_environments_of_their_own(offline: Replica, tmp_path: Path) -> None:
    """`setarch` is that for all who ask."""
    offline.task["packages"] = [package(make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM))]
    assert offline.run() == 0
    offline.prefix = ["setarch", "i686"]
    assert offline.run() == 0
    first, second = (text for text in offline.output() if "/environments/" in text)
    assert first != second


def test_scripts_of_the_environment_are_on_the_path_and_run(offline: Replica, tmp_path: Path) -> None:
    make_wheel(
        tmp_path / "wheels",
        "dep_a",
        "2.0",
        {
            "dep_a.py": "def main(): print('script ran')",
            "dep_a-2.0.dist-info/entry_points.txt": "[console_scripts]\ndep-run = dep_a:main\n",
        },
    )
    files = {"pkg/__init__.py": "", "pkg/task.py": "import subprocess; subprocess.run(['dep-run'], check=True)"}
    offline.task["packages"] = [package(make_wheel(tmp_path, "pkg", "1.0", files, ("dep-a",)))]

    assert offline.run() == 0

    assert offline.output() == ["script ran"]


def test_an_interpreter_that_does_not_run_is_told(offline: Replica, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho no license >&2\nexit 1\n")
    broken.chmod(0o755)
    offline.task["python"] = str(broken)

    assert offline.run() == 125

    record = offline.record()
    assert (record["message"], record["traceback"]) == (f"the interpreter {broken} does not run", "no license")


@needs_uv
def test_wheels_that_were_once_downloaded_do_without_the_network(offline: Replica, tmp_path: Path) -> None:
    index = tmp_path / "index/dep-a"
    index.mkdir(parents=True)
    wheel = make_wheel(index, "dep_a", "2.0", {"dep_a.py": ""})
    (index / "index.html").write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    trainer = make_wheel(tmp_path, "pkg", "1.0", PRINTS_WHERE_FROM, ("dep-a",))
    offline.task["packages"] = [package(trainer)]
    for name in ("UV_OFFLINE", "UV_FIND_LINKS", "PIP_FIND_LINKS"):
        del offline.env[name]

    with served(index.parent) as url:
        offline.env |= {"UV_DEFAULT_INDEX": url, "UV_HTTP_RETRIES": "0"}
        assert offline.run() == 0
    shutil.rmtree(offline.task["cache"])
    assert offline.run() == 0

    assert offline.record()["environment"] == ["pkg==1.0", "dep-a==2.0"]


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_pips_settings_reach_uv_unless_it_has_its_own() -> None:
    inherited = {
        "PIP_FIND_LINKS": "/a /b",
        "PIP_INDEX_URL": "https://p",
        "UV_DEFAULT_INDEX": "https://u",
        "PIP_USER": "1",
    }

    environment = launcher.installer_environment(inherited)

    assert environment == {
        **launcher.INSTALLER_DEFAULTS,
        "PIP_FIND_LINKS": "/a /b",
        "PIP_INDEX_URL": "https://p",
        "UV_DEFAULT_INDEX": "https://u",
        "UV_FIND_LINKS": "/a,/b",
    }


def test_the_machines_own_certificates_are_trusted_unless_the_user_says_otherwise() -> None:
    assert launcher.installer_environment({})["UV_SYSTEM_CERTS"] == "1"
    assert launcher.installer_environment({"UV_SYSTEM_CERTS": "0"})["UV_SYSTEM_CERTS"] == "0"


def test_requirements_are_read_from_the_headers_only() -> None:
    metadata = (
        "Name: x\nRequires-Dist: a (>=1)\nrequires-dist: b[extra] >= 2 ; python_version > '3'\n"
        "Requires-Dist: c; extra=='d'\n\nRequires-Dist: e\n"
    )

    found = launcher.without_extras(launcher.required_by(metadata))
    assert found == ["a (>=1)", "b[extra] >= 2 ; python_version > '3'"]


_SETUP = """
from setuptools import setup
setup(
    name="my-trainer",
    version="1.0",
    install_requires=["six>=1.16", "numpy; python_version > '3'"],
    extras_require={"gpu": ["cupy"]},
)
"""


@pytest.mark.parametrize("version", ["1.0", "1.0-py3.11"])
def test_what_an_old_pip_leaves_without_wheel_has_requirements_as_well(tmp_path: Path, version: str) -> None:
    """`pip install --target` before 23.1 runs `setup.py install` where `wheel` is not installed."""
    (tmp_path / "setup.py").write_text(_SETUP)
    subprocess.run([sys.executable, "setup.py", "-q", "egg_info"], cwd=tmp_path, check=True)
    site = tmp_path / "site"
    site.mkdir()
    (tmp_path / "my_trainer.egg-info").rename(site / f"my_trainer-{version}.egg-info")
    (site / "old-0.1.egg-info").write_text("Metadata-Version: 1.0\nName: old\nVersion: 0.1\n")  # distutils'
    (site / "develop.egg-info").mkdir()

    known = launcher.described(str(site))

    assert known["frozen"] == ["my-trainer==1.0", "old==0.1"]
    assert [text.replace(" ", "").replace("'", '"') for text in known["requires"]] == [
        "six>=1.16",
        'numpy;python_version>"3"',
    ]


def add_link(archive: tarfile.TarFile, name: str, target: str) -> None:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    archive.addfile(link)


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("pkg-1.0/../../escaped", None),
        ("/tmp/escaped", None),
        ("pkg-1.0/link", "/tmp"),
        ("pkg-1.0/sub/link", "../../../up"),
    ],
)
def test_a_source_archive_that_would_leave_its_folder_is_refused(
    offline: Replica, tmp_path: Path, name: str, target: str | None
) -> None:
    path = tmp_path / "pkg-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("pkg-1.0/setup.py"))
        if target:
            add_link(archive, name, target)
        else:
            archive.addfile(tarfile.TarInfo(name))
    offline.task |= {"packages": [package(path)], "installer": UV}

    assert offline.run() == 125

    refusal = f"the package {path} is refused: its member {name!r} would be outside of its folder"
    assert offline.record()["message"] == refusal


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped"])
def test_a_wheel_that_would_leave_its_folder_is_refused(offline: Replica, tmp_path: Path, name: str) -> None:
    wheel = make_wheel(tmp_path, "pkg", "1.0", {**PRINTS_WHERE_FROM, name: "x"})
    offline.task |= {"packages": [package(wheel)], "installer": UV}

    assert offline.run() == 125

    assert f"its member {name!r} would be outside" in offline.record()["message"]


def test_links_within_an_archive_are_no_escape(tmp_path: Path) -> None:
    path = tmp_path / "pkg-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        add_link(archive, "pkg-1.0/sub/link", "../README")
    launcher.refuse_escapes(str(path))


def test_an_archive_with_a_device_is_refused(offline: Replica, tmp_path: Path) -> None:
    path = tmp_path / "pkg-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        device = tarfile.TarInfo("pkg-1.0/disk")
        device.type, device.devmajor, device.devminor = tarfile.BLKTYPE, 8, 0
        archive.addfile(device)
    offline.task |= {"packages": [package(path)], "installer": UV}
    assert offline.run() == 125
    assert "its member 'pkg-1.0/disk' is a device or a pipe" in offline.record()["message"]


def test_an_archive_that_would_fill_the_disk_is_refused_by_what_it_says_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "bomb-1.0.tar"
    member = tarfile.TarInfo("bomb-1.0/zeros")
    member.size = launcher.MOST_UNPACKED + 1
    path.write_bytes(member.tobuf())
    with pytest.raises(launcher.EnvironmentFailedError, match="would unpack to more than 8 GiB"):
        launcher.refuse_escapes(str(path))


def test_a_variable_may_have_the_value_of_one_of_the_submitters(replica: Replica) -> None:
    replica.write_trainer("import os; print('it is', os.environ['TOKEN'])")
    replica.env["MY_TOKEN"] = "hunter2"
    replica.task["env_from"] = {"TOKEN": "MY_TOKEN"}
    assert replica.run() == 0
    assert "it is hunter2" in replica.output()
    assert "hunter2" not in (replica.folder / "task.json").read_text()


def test_a_reference_to_a_variable_that_is_not_set_is_said(replica: Replica) -> None:
    replica.write_trainer("pass")
    replica.task["env_from"] = {"TOKEN": "NOT_SET"}
    assert replica.run() == 125
    assert "the variable NOT_SET is not set" in replica.record()["message"]


def test_secrets_among_the_arguments_do_not_stand_in_the_log() -> None:
    argv = ["python3", "-m", "t", "--api-key", "hunter2", "--hf-token=hunter2", "--max-tokens=3", "--token", "--x"]
    assert launcher.without_secrets(argv) == [
        *("python3", "-m", "t", "--api-key", "[redacted]", "--hf-token=[redacted]", "--max-tokens=3", "--token", "--x")
    ]


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_archive_however_damaged_is_more_than_refused(tmp_path: Path, data: st.DataObject) -> None:
    """Names, links and kinds of any sort, then bytes changed at random."""
    text = st.text(st.characters(min_codepoint=1, max_codepoint=0x2FF), max_size=30) | st.sampled_from(
        ["..", "/", "a/../.."]
    )
    kinds = [tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for _ in range(data.draw(st.integers(0, 4))):
            member = tarfile.TarInfo(data.draw(text))
            member.type, member.linkname = data.draw(st.sampled_from(kinds)), data.draw(text)
            archive.addfile(member)
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "pkg-1.0.tar.gz"
    path.write_bytes(content)
    with contextlib.suppress(launcher.EnvironmentFailedError):
        launcher.refuse_escapes(str(path))
        for name, target, size in launcher.members(str(path)):
            assert ".." not in name.split("/")
            assert not launcher.is_outside(target)
            assert size >= 0


@pytest.fixture(scope="module")
def venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a site has: `dep_a` in its version 2.0, a module by a `.pth` file, and pip."""
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    wheel = make_wheel(folder, "dep_a", "2.0", {"dep_a.py": "value = 2"})
    pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--no-index", "--quiet"]
    subprocess.run([*pip, str(wheel)], check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    (folder / "linked").mkdir()
    (folder / "linked" / "linked.py").write_text("value = 'by a link'")
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (site / "linked.pth").write_text(f"{folder / 'linked'}\n")
    shutil.rmtree(site / "__pycache__", ignore_errors=True)
    return folder / "venv"


def layered_on(venv: Path, offline: Replica, wheel: Path, installer: str | None) -> None:
    python = str(venv / "bin/python")
    offline.python = python
    offline.task |= {"python": python, "builder": python, "layered": True}
    offline.task |= {"packages": [package(wheel)], "installer": installer}


def everything_in(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(p.relative_to(folder)): (p.lstat().st_mtime_ns, p.lstat().st_size) for p in folder.rglob("*")}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_only_what_a_given_environment_lacks_is_installed_and_beside_it(
    offline: Replica, tmp_path: Path, venv: Path, installer: str | None
) -> None:
    make_wheel(tmp_path / "wheels", "dep_a", "3.0", {"dep_a.py": "value = 3"})
    make_wheel(tmp_path / "wheels", "dep_b", "1.0", {"dep_b.py": "value = 1"})
    files = {
        "pkg/__init__.py": "",
        "pkg/task.py": "import dep_a, dep_b, linked; print(dep_a.value, dep_b.value, linked.value)",
    }
    layered_on(venv, offline, make_wheel(tmp_path, "pkg", "1.0", files, ("dep_a>=1", "dep_b")), installer)
    before = everything_in(venv)

    assert offline.run() == 0

    assert offline.output() == ["2 1 by a link"]
    assert everything_in(venv) == before
    known = offline.record()["environment"]
    assert [text for text in known if text.startswith(("pkg", "dep"))] == ["pkg==1.0", "dep-b==1.0", "dep-a==2.0"]


def test_a_given_environment_without_an_installer_gets_one_beside_it(offline: Replica, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    make_wheel(tmp_path / "wheels", "dep_b", "1.0", {"dep_b.py": "value = 1"})
    files = {"pkg/__init__.py": "", "pkg/task.py": "import dep_b; print(dep_b.value)"}
    layered_on(venv, offline, make_wheel(tmp_path, "pkg", "1.0", files, ("dep_b",)), None)
    offline.task["builder"] = sys.executable

    assert offline.run() == 0

    assert offline.output() == ["1"]
    assert not list(venv.glob("lib/*/site-packages/*"))


def test_what_a_given_environment_has_in_another_version_is_covered_not_replaced(
    offline: Replica, tmp_path: Path, venv: Path
) -> None:
    make_wheel(tmp_path / "wheels", "dep_a", "3.0", {"dep_a.py": "value = 3"})
    files = {"pkg/__init__.py": "", "pkg/task.py": "import dep_a; print(dep_a.value)"}
    layered_on(venv, offline, make_wheel(tmp_path, "pkg", "1.0", files, ("dep_a>=3",)), UV)
    before = everything_in(venv)

    assert offline.run() == 0

    assert offline.output() == ["3"]
    assert everything_in(venv) == before
    assert "dep-a==3.0" in offline.record()["environment"]
    assert "dep-a==2.0" not in offline.record()["environment"]


def test_a_given_environment_that_has_changed_is_looked_at_anew(offline: Replica, tmp_path: Path, venv: Path) -> None:
    own = tmp_path / "modules"
    own.mkdir()
    (own / "brought.py").write_text("value = 'by a module'")
    files = {"pkg/__init__.py": "", "pkg/task.py": "import brought, sys; print(brought.value); print(sys.prefix)"}
    layered_on(venv, offline, make_wheel(tmp_path, "pkg", "1.0", files), UV)
    offline.env["PYTHONPATH"] = str(own)
    assert offline.run() == 0
    (own / "more-1.0.dist-info").mkdir()
    assert offline.run() == 0

    first, prefix, second, other = offline.output()
    assert first == second == "by a module"
    assert prefix != other


def test_commands_of_a_given_environment_are_found(offline: Replica, tmp_path: Path, venv: Path) -> None:
    files = {"pkg/__init__.py": "", "pkg/task.py": "import shutil; print(shutil.which('pip'), shutil.which('python'))"}
    layered_on(venv, offline, make_wheel(tmp_path, "pkg", "1.0", files), UV)

    assert offline.run() == 0

    pip, python = offline.output()[0].split()
    assert pip == str(venv / "bin/pip")
    assert python.startswith(str(offline.task["cache"]))
