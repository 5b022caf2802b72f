"""One daemon for one state folder."""

from tests.e2e.daemon import Daemon, sentinel
from tests.e2e.world import World


def test_a_second_daemon_on_the_same_folder_is_refused_and_harms_nothing(world: World) -> None:
    world.configure("")
    world.daemon.start()
    second = Daemon(world.daemon.config, world.daemon.state_dir, world.folder / "second.log")
    try:
        second.start(wait=False)
        assert second.ended() == 1
        assert "another Sentinel is running on" in second.tail()
        assert "--state-dir of its own" in second.tail()
        assert "Traceback" not in second.tail()
        assert world.daemon.get("/readyz")[0] == 200
        # Once the first is gone, even by a kill, the folder is free.
        world.daemon.kill()
        second.start()
        assert second.stop() == 0
    finally:
        second.close()


def test_an_address_that_is_taken_is_told(world: World) -> None:
    world.configure("")
    world.daemon.start()
    port = world.daemon.port
    other = world.folder / "other"
    done = sentinel(
        "run",
        *("--config", world.daemon.config),
        *("--state-dir", other),
        *("--listen", f"127.0.0.1:{port}"),
    )
    assert done.returncode == 1
    assert f"can't listen on 127.0.0.1:{port}: Address already in use" in done.stderr
    assert "Traceback" not in done.stderr
