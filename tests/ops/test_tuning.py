"""The cluster's settings follow the machine, and never give up durability for real data."""

import pytest

from ops import tuning


def megabytes(value: str) -> int:
    assert value.endswith("MB")
    return int(value[:-2])


@pytest.mark.parametrize("memory", [1024, 2048, 8192, 24_576, 262_144])
def test_sizes_fit_the_memory(memory: int) -> None:
    chosen = tuning.settings(memory, 2, 12_000)
    assert 128 <= megabytes(chosen["shared_buffers"]) <= min(4096, memory // 2)
    assert megabytes(chosen["effective_cache_size"]) <= memory
    assert megabytes(chosen["maintenance_work_mem"]) <= memory // 8
    assert 8 <= megabytes(chosen["work_mem"]) <= 64


def test_more_memory_never_means_smaller_settings() -> None:
    names = ("shared_buffers", "effective_cache_size", "maintenance_work_mem", "work_mem")
    sizes = [tuning.settings(memory, 2, 12_000) for memory in (1024, 4096, 16_384, 65_536)]
    for name in names:
        column = [megabytes(chosen[name]) for chosen in sizes]
        assert column == sorted(column)


def test_only_a_throwaway_cluster_gives_up_durability() -> None:
    real, throwaway = tuning.settings(8192, 2, 1000), tuning.settings(8192, 2, 1000, throwaway=True)
    assert not {"fsync", "synchronous_commit", "full_page_writes"} & real.keys()
    assert throwaway["fsync"] == "off"
    assert real["jit"] == "off"
    assert real["random_page_cost"] == "1.1"


def test_a_containers_small_shared_memory_is_avoided() -> None:
    assert tuning.settings(8192, 2, 64)["dynamic_shared_memory_type"] == "mmap"
    assert tuning.settings(8192, 2, 4096)["dynamic_shared_memory_type"] == "posix"


def test_the_machine_has_memory() -> None:
    assert tuning.memory_mb() > 256
    assert tuning.shm_mb() >= 0
