"""A repository with all its history, whatever it is made of."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from scanner.collect.interface import CallError
from scanner.collect.leaks import git as module
from scanner.collect.leaks.git import read_repository
from scanner.collect.leaks.report import Report
from scanner.model.observation import GapReason
from tests.collect.leaks.support import (
    LINE,
    MAKE,
    OTHER,
    after,
    found,
    git,
    lookers,
    never,
    report,
    repository,
    skipped,
)


def read(root: Path, *exclude: str) -> Report:
    made = report("git")
    read_repository(root, exclude, made, lookers(), never)
    return made


@pytest.fixture
def removed(tmp_path: Path) -> Path:
    """Return a repository in which a key was committed and removed again."""
    clean = {"README": "nothing here\n"}
    return repository(tmp_path / "repo", clean, {**clean, "settings.py": f"# settings\n{LINE}"}, clean)


def test_what_was_removed_is_found_with_its_commit(removed: Path) -> None:
    made = read(removed)
    (leak,) = made.leaks.values()
    commit = git(removed, "rev-parse", "HEAD~1")
    assert (leak["path"], leak["line"], leak["commit"], leak["at"]) == (
        "settings.py",
        2,
        commit,
        "2026-02-02T00:00:00Z",
    )
    assert skipped(made) == {}
    assert made.counts["objects"] == 5  # two files, three commits


def test_a_bare_repository_with_packs_says_the_same(removed: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(removed), str(bare))
    git(bare, "repack", "-adq")
    git(bare, "pack-refs", "--all")
    assert read(bare).answer()["leaks"] == read(removed).answer()["leaks"]


def test_each_blob_is_read_once(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a": LINE, "b": LINE}, {"c": LINE})
    made = read(root)
    (leak,) = made.leaks.values()
    assert (leak["occurrences"], leak["at"]) == (1, "2026-02-01T00:00:00Z")


def test_messages_of_commits_and_tags_and_blobs_with_a_tag_are_read(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a": "x"})
    git(root, "commit", "-q", "--allow-empty", "-m", f"the master key is {MAKE.bytes(32).hex()}")
    git(root, "tag", "-a", "v1", "-m", f"kek={MAKE.bytes(32).hex()}")
    blob = git(root, "hash-object", "-w", "--stdin", given=f"dek={OTHER}".encode())
    git(root, "tag", "blob", blob)
    paths = sorted(path.split(" ")[0] for path, _ in found(read(root)))
    assert paths == ["blob", "commit", "tag"]


def test_other_branches_the_stash_and_what_was_amended_are_read(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a": "x"})
    git(root, "checkout", "-q", "-b", "side")
    (root / "side.txt").write_text(f"kek={MAKE.bytes(32).hex()}")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "side")
    (root / "side.txt").write_text("gone")
    git(root, "commit", "-q", "-a", "--amend", "-m", "nothing happened")
    (root / "a").write_text(f"kek={MAKE.bytes(32).hex()}")
    git(root, "stash", "-q")
    git(root, "checkout", "-q", "main")
    assert sorted(path for path, _ in found(read(root))) == ["a", "side.txt"]


def test_a_repository_with_sha_256_is_read(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    git(tmp_path / "repo", "init", "-q", "--object-format=sha256")
    assert found(read(repository(tmp_path / "repo", {"a": LINE}))) == [("a", 1)]


def test_what_is_excluded_and_what_is_for_tests_is_counted(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a.lock": LINE})
    made = read(root, "*.lock")
    assert (found(made), made.answer()["excluded"]) == ([], 1)


def test_an_empty_repository_has_nothing(tmp_path: Path) -> None:
    (tmp_path / "repo").mkdir()
    git(tmp_path / "repo", "init", "-q")
    made = read(tmp_path / "repo")
    assert (found(made), skipped(made)) == ([], {})


def test_nothing_of_a_hostile_repository_is_executed(removed: Path, tmp_path: Path) -> None:
    mark = tmp_path / "executed"
    run = f"touch {mark}"
    folder = removed / ".git"
    for hook in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        (folder / "hooks" / hook).write_text(f"#!/bin/sh\n{run}\n")
        (folder / "hooks" / hook).chmod(0o755)
    (folder / "config").write_text(
        f"[core]\n\trepositoryformatversion = 1\n\tfsmonitor = {run}\n\tpager = {run}\n\tsshCommand = {run}\n"
        f"\talternateRefsCommand = {run}\n\thooksPath = {folder}/hooks\n\tgitProxy = {run}\n"
        f"[extensions]\n\tpartialClone = evil\n[remote \"evil\"]\n\turl = ext::sh -c '{run}'\n\tpromisor = true\n"
        f"[log]\n\tshowSignature = true\n[gpg]\n\tprogram = {run}\n[diff]\n\texternal = {run}\n"
        f'[filter "evil"]\n\tsmudge = {run}\n\tclean = {run}\n[alias]\n\tlog = !{run}\n\tcat-file = !{run}\n'
    )
    (folder / "info" / "attributes").write_text("* filter=evil diff=evil\n")
    assert found(read(removed)) == [("settings.py", 2)]
    assert not mark.exists()


def test_what_is_kept_elsewhere_is_not_followed_and_told(removed: Path, tmp_path: Path) -> None:
    victim = repository(tmp_path / "victim", {"private.txt": LINE})
    borrower = tmp_path / "borrower"
    git(tmp_path, "clone", "-q", "--shared", str(victim), str(borrower))
    made = read(borrower)
    assert found(made) == []
    assert set(skipped(made)) == {"missing_objects"}


def test_links_among_the_objects_are_not_followed(removed: Path, tmp_path: Path) -> None:
    victim = repository(tmp_path / "victim", {"private.txt": LINE})
    objects = removed / ".git" / "objects"
    blob = git(victim, "rev-parse", "HEAD:private.txt")
    (objects / blob[:2]).mkdir(exist_ok=True)
    (objects / blob[:2] / blob[2:]).symlink_to(victim / ".git" / "objects" / blob[:2] / blob[2:])
    (objects / "zz").symlink_to(victim)
    (removed / ".git" / "refs" / "tags" / "victim").write_text(f"{blob}\n")
    made = read(removed)
    assert skipped(made) == {"missing_objects": 1}
    assert [path for path, _ in found(made)] == ["settings.py"]


def test_a_missing_blob_is_told(removed: Path) -> None:
    blob = git(removed, "rev-parse", "HEAD~1:settings.py")
    (removed / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    made = read(removed)
    assert skipped(made) == {"missing_objects": 1}


def test_a_shallow_repository_is_not_whole(removed: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{removed}", str(tmp_path / "shallow"))
    made = read(tmp_path / "shallow")
    assert skipped(made) == {"shallow": 1}


def test_references_that_are_none_are_told(removed: Path) -> None:
    (removed / ".git" / "refs" / "heads" / "odd").write_text("what is this\n")
    (removed / ".git" / "reftable").mkdir()
    assert read(removed).skipped["unknown_refs"] == (2, ["reftable", "refs/heads/odd"])


def test_a_damaged_history_is_told(removed: Path) -> None:
    commit = git(removed, "rev-parse", "HEAD~1")
    path = removed / ".git" / "objects" / commit[:2] / commit[2:]
    path.chmod(0o644)
    path.write_bytes(b"what is this")
    assert {"failed", "missing_objects"} & set(skipped(read(removed)))


def test_time_that_is_up_is_told(removed: Path) -> None:
    made = report("git")
    read_repository(removed, (), made, lookers(), after(1))
    assert skipped(made) == {"time": 1}


def test_an_answer_of_git_that_ends_early_is_told() -> None:
    made = report("git")
    batch = io.BytesIO(b"a" * 40 + b" missing\n" + b"b" * 40 + b" tree 3\nabc\n" + b"c" * 40 + b" blob 10\nabc")
    wanted = {name * 40: "" for name in "abcd"}
    assert len(list(module._batch(batch, wanted, made))) == 1
    assert skipped(made) == {"missing_objects": 1, "broken": 1}
    made = report("git")
    assert list(module._batch(io.BytesIO(b""), wanted, made)) == []
    assert skipped(made) == {"failed": 4}


def test_a_list_of_references_that_nobody_may_read_is_told(tmp_path: Path) -> None:
    made = report("git")
    assert list(module._lines(tmp_path, made)) == []
    assert skipped(made) == {"unreadable": 1}


@pytest.mark.parametrize("seconds", ["", "x", "9" * 30])
def test_a_date_that_is_none_is_not_told(seconds: str) -> None:
    assert module._moment(seconds) == ""


def test_what_is_no_repository_is_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CallError) as caught:
        read(tmp_path)
    assert caught.value.code == "NotARepository"
    with pytest.raises(CallError) as caught:
        read(tmp_path / "gone")
    assert caught.value.reason is GapReason.UNREACHABLE
    (tmp_path / ".git").write_text("gitdir: elsewhere\n")
    with pytest.raises(CallError) as caught:
        read(tmp_path)
    assert caught.value.code == "Worktree"
    monkeypatch.setenv("PATH", "")
    with pytest.raises(CallError) as caught:
        read(tmp_path)
    assert caught.value.code == "NoGit"
