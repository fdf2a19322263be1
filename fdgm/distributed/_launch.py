"""Several processes on one machine, started and restarted by torch's elastic agent."""

import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

from .._checks import check_count

__all__ = ["launch"]

#: Without it a restart after a killed worker fails or hangs, since the workers' store lives in the agent's.
_OWN_STORE = "TORCH_DISABLE_SHARE_RDZV_TCP_STORE"


def launch(fn: Callable[..., Any], args: Sequence[Any] = (), *, n_processes: int = 2, max_restarts: int = 1) -> Any:
    """Call a function in several processes of this machine, which share each `fit` in it.

    It is torch's `elastic_launch`. If a process dies, all are started again. With a `checkpoint`, the fit then goes on
    from there.

    Parameters
    ----------
    fn : callable
        A function of a module, which new processes can import. In a script, call `launch` under
        ``if __name__ == "__main__":``.
    args : sequence, default=()
        Its arguments, which must be picklable.
    n_processes : int, default=2
        On a machine with GPUs, one for each.
    max_restarts : int, default=1
        How often all processes are started again.

    Returns
    -------
    result : object
        What `fn` returned in the first process.

    Raises
    ------
    ChildFailedError
        If a process fails and all restarts are used. It is torch's, and names the process and its error.

    Examples
    --------
    In a script::

        def fit(path):
            model = fdgm.VGrowSampler(max_iter=1_000, checkpoint="vgrow.checkpoint", random_state=0).fit(path)
            if torch.distributed.get_rank() == 0:
                model.save("model.fdgm")

        if __name__ == "__main__":
            fdgm.distributed.launch(fit, ("data.parquet",), n_processes=2)
    """
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    n_processes = check_count(n_processes, "n_processes", "launch")
    max_restarts = check_count(max_restarts, "max_restarts", "launch", minimum=0)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=n_processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
        max_restarts=max_restarts,
        monitor_interval=0.1,
    )
    with _own_store():
        results = elastic_launch(config, _run)(fn, tuple(args), n_processes)
    return results[0]


def _run(fn: Callable[..., Any], args: tuple[Any, ...], n_processes: int) -> Any:
    """What each process does."""
    if "OMP_NUM_THREADS" not in os.environ:
        torch.set_num_threads(max(1, (os.cpu_count() or 1) // n_processes))
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if on_gpu else "gloo")
    try:
        return fn(*args)
    finally:
        dist.destroy_process_group()


@contextmanager
def _own_store() -> Iterator[None]:
    before = os.environ.get(_OWN_STORE)
    os.environ[_OWN_STORE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_OWN_STORE]
        else:
            os.environ[_OWN_STORE] = before
