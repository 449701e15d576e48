"""A JupyterLab of its own on this machine: for the tests of what is shown in one, and for a picture of the README."""

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ARGUMENTS = [
    *("--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),  # 0: any port that is free
    # ask nobody outside for news, updates and extensions
    *("--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"),
    "--LabApp.extension_manager=readonly",
]


@dataclass
class Lab:
    """A running JupyterLab: where its notebooks and its signatures are, and how to reach it."""

    notebooks: Path
    data: Path
    url: str
    token: str

    def put(self, notebook, name, signed=False):
        """The address of a notebook, written where JupyterLab finds it. One that is signed is trusted."""
        import nbformat
        from nbformat.sign import NotebookNotary

        nbformat.write(notebook, self.notebooks / name)
        if signed:
            notary = NotebookNotary(data_dir=str(self.data))
            notary.sign(notebook)
            notary.store.close()
        return f"{self.url}lab/tree/{name}?reset&token={self.token}"


@contextmanager
def jupyterlab(home):
    """JupyterLab with settings, signatures and kernels of its own in the folder `home`, none of the user's."""
    folders = {name: home / name for name in ("config", "data", "runtime", "ipython", "notebooks")}
    for folder in folders.values():
        folder.mkdir()
    settings = folders["config"] / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folders["config"]),
        "JUPYTER_DATA_DIR": str(folders["data"]),
        "JUPYTER_RUNTIME_DIR": str(folders["runtime"]),
        "IPYTHONDIR": str(folders["ipython"]),
    }
    command = [sys.executable, "-m", "jupyterlab", *ARGUMENTS, f"--ServerApp.root_dir={folders['notebooks']}"]
    log = home / "log"
    with log.open("w") as out, subprocess.Popen(command, env=environment, stdout=out, stderr=out) as server:
        try:
            about = folders["runtime"] / f"jpserver-{server.pid}.json"
            while not about.exists():
                assert server.poll() is None, log.read_text()
                time.sleep(0.1)
            facts = json.loads(about.read_text())
            yield Lab(folders["notebooks"], folders["data"], facts["url"], facts["token"])
        finally:
            server.terminate()  # JupyterLab ends its kernels first
