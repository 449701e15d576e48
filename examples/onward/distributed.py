"""The way onward: a model of ours goes to PyTorch and is trained there by several processes, as on several machines.

`python examples/onward/distributed.py` trains the same network on the same rows twice: in one process on whole batches,
and in two that each take half of every batch and agree on the mean of their gradients (torch.distributed with the gloo
backend). The losses of the two columns are the same. At the end the network comes back as a model of ours.

Needs the extra `twin`. On several machines `torchrun` starts the processes; the training is the same.
"""

import random
import sys
import tempfile
from pathlib import Path

import torch
from torch import distributed, multiprocessing
from torch.nn.parallel import DistributedDataParallel

from nn import MLP, from_torch, load, save, to_torch

PROCESSES = 2
EPOCHS = 10
BATCH = 16


def rows_of_a_ring() -> tuple[torch.Tensor, torch.Tensor]:
    """64 points in a square, and whether each lies in a ring in it."""
    numbers = random.Random(0)
    points = [[numbers.uniform(-1.0, 1.0), numbers.uniform(-1.0, 1.0)] for _ in range(64)]
    inside = [[float(0.2 < x * x + y * y < 0.7)] for x, y in points]
    return torch.tensor(points, dtype=torch.float64), torch.tensor(inside, dtype=torch.float64)


def trained(network: torch.nn.Module, rank: int, processes: int) -> list[float]:
    """Train on this process's share of every batch; the mean loss of each epoch over all processes."""
    inputs, targets = rows_of_a_ring()
    criterion = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.5, momentum=0.9)
    losses = []
    for _ in range(EPOCHS):
        epoch = torch.zeros(1, dtype=torch.float64)
        for start in range(0, len(inputs), BATCH):
            mine = slice(start + rank, start + BATCH, processes)
            loss = criterion(network(inputs[mine]), targets[mine])
            optimizer.zero_grad()
            loss.backward()  # in DistributedDataParallel this also takes the mean of the gradients over all processes
            optimizer.step()
            epoch += loss.detach() * BATCH / len(inputs) / processes
        if processes > 1:
            distributed.all_reduce(epoch)
        losses.append(epoch.item())
    return losses


def work(rank: int, folder: str) -> None:
    """One of the processes: meet the others, train with them; the first keeps what was learned."""
    meeting = Path(folder, "meeting").as_uri()
    distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=PROCESSES)
    network = DistributedDataParallel(to_torch(load(Path(folder, "model.json"))))
    losses = trained(network, rank, PROCESSES)
    if rank == 0:
        save(from_torch(network.module), Path(folder, "trained.json"))
        torch.save(losses, Path(folder, "losses"))
    distributed.destroy_process_group()


def main() -> None:
    """Train alone and together, and compare."""
    model = MLP(2, [8, 8, 1], "tanh", seed=1)
    alone = to_torch(model)
    losses_alone = trained(alone, rank=0, processes=1)
    with tempfile.TemporaryDirectory() as folder:
        save(model, Path(folder, "model.json"))
        multiprocessing.spawn(work, args=(folder,), nprocs=PROCESSES)
        losses_together = torch.load(Path(folder, "losses"))
        together = load(Path(folder, "trained.json"))

    print(f"{'epoch':>5}  {'one process':>20}  {'two processes':>20}")
    for epoch, losses in enumerate(zip(losses_alone, losses_together, strict=True), start=1):
        print("{:>5}  {:>20.15f}  {:>20.15f}".format(epoch, *losses))
    apart = max(abs(a - b) for a, b in zip(losses_alone, losses_together, strict=True))
    weights = zip(from_torch(alone).parameters(), together.parameters(), strict=True)
    apart = max(apart, *[abs(a.data - b.data) for a, b in weights])
    print(f"losses and trained parameters are at most {apart:.1e} apart")
    if apart > 1e-10:
        sys.exit("they should be the same")


if __name__ == "__main__":
    main()
