"""Runs this program and its peers and prints tables in Markdown; started by `benches/run`."""

import argparse
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
RUNS = 5
CELLS = [10_000, 100_000, 280_000, 1_000_000]
CALL_PATHS = 10_000_000
INPUTS = ["Inputs!B1=normal(0.0004, 0.00005)", "Inputs!B2=pert(0.55, 0.62, 0.7)", "Inputs!B3=uniform(0.0002, 0.0004)"]


def run(command, **variables):
    """(what it printed, seconds, peak memory in MB) of a command that must succeed."""
    start = time.perf_counter()
    environment = {**os.environ, **variables}
    child = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True, env=environment)
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    # The kernel counts at least the memory of this script, some 15 MB, which the child shares before it starts.
    return printed, seconds, usage.ru_maxrss / 1024


def medians(rows):
    """The median of each column."""
    return [statistics.median(column) for column in zip(*rows)]


def table(title, head, rows):
    print(f"\n## {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(str(value) for value in row)} |")


def simulate(fermiac, model, trials, threads, more=(), **variables):
    """(load, compile, simulate, all) in seconds and peak memory in MB of one run."""
    command = [fermiac, "run", model, "--trials", trials, "--threads", threads, "--json", *more]
    printed, seconds, memory = run(command, **variables)
    timing = json.loads(printed)["timing_ms"]
    return [timing[key] / 1000 for key in ("load", "compile", "simulate")] + [seconds, memory]


def workbooks(tools):
    more = [part for text in INPUTS for part in ("--input", text)] + ["--output", "Results!B1=NPV"]
    rows = []
    for cells in CELLS:
        path = tools.work / f"{cells}.xlsx"
        if not path.exists():
            subprocess.run([sys.executable, HERE / "make_workbook.py", path, str(cells)], check=True)
        ours, two, peer = [], [], []
        for _ in range(RUNS):
            ours.append(simulate(tools.fermiac, path, 1000, 1, more))
            two.append(simulate(tools.fermiac, path, 1000, 2, more))
            peer.append([json.loads(run([tools.calamine, path])[0])["seconds"]])
        load, compile_, one_thread, _, memory = medians(ours)
        two_threads, calamine = medians(two)[2], medians(peer)[0]
        rows.append([f"{cells:,}", f"{load:.3f}", f"{compile_:.3f}", f"{(load + compile_) / cells * 1e9:.0f}",
                     f"{one_thread:.3f}", f"{two_threads:.3f}", f"{memory:.0f}", f"{calamine:.3f}", f"{calamine / load:.1f}"])
    table("Workbooks: load, compile, 1,000 trials",
          ["cells", "load s", "compile s", "load and compile, ns a cell", "1,000 trials, one thread s", "two threads s",
           "peak MB", "calamine load s", "calamine / our load"], rows)


def european_call(tools):
    model = HERE.parent / "examples" / "european_call.json"
    ours = {(1, ""): [], (2, ""): [], (1, "avx2"): []}
    peers = {"Philox": [], "SFC64": []}
    for _ in range(RUNS):
        for (threads, simd), times in ours.items():
            variables = {"FERMIAC_SIMD": simd} if simd else {}
            times.append(simulate(tools.fermiac, model, CALL_PATHS, threads, **variables)[2])
        for generator, times in peers.items():
            times.append(json.loads(run([sys.executable, HERE / "peers" / "numpy_call.py", generator, CALL_PATHS])[0])["seconds"])
    numpy = statistics.median(peers["Philox"])
    names = {(1, ""): "fermiac, one thread", (2, ""): "fermiac, two threads", (1, "avx2"): "fermiac, one thread, AVX2",
             "Philox": "NumPy, Philox", "SFC64": "NumPy, SFC64"}
    rows = []
    for key, times in {**ours, **peers}.items():
        seconds = statistics.median(times)
        rows.append([names[key], f"{seconds:.3f}", f"{CALL_PATHS / seconds / 1e6:.0f}", f"{numpy / seconds:.1f}"])
    table(f"European call, {CALL_PATHS:,} trials with all statistics", ["", "s", "million trials a second", "times NumPy, Philox"], rows)


def example(tools):
    model = HERE.parent / "examples" / "project_npv.xlsx"
    rows = []
    for threads in (1, 2):
        seconds = statistics.median(simulate(tools.fermiac, model, 1_000_000, threads)[2] for _ in range(RUNS))
        rows.append([threads, f"{seconds:.3f}", f"{seconds * 1000:.0f}"])
    table("project_npv.xlsx (263 formulas), 1,000,000 trials", ["threads", "s", "ns a trial"], rows)


def start_up(tools):
    small = tools.work / "1000.xlsx"
    if not small.exists():
        subprocess.run([sys.executable, HERE / "make_workbook.py", small, "1000"], check=True)
    more = [part for text in INPUTS for part in ("--input", text)] + ["--output", "Results!B1=NPV"]
    helps = [run([tools.fermiac, "--help"])[1] for _ in range(RUNS)]
    whole = [simulate(tools.fermiac, small, 10_000, 2, more)[3] for _ in range(RUNS)]
    rows = [["`fermiac --help`", f"{statistics.median(helps) * 1000:.1f}"],
            ["1,000 cells, 10,000 trials, from start to end", f"{statistics.median(whole) * 1000:.1f}"]]
    if os.environ.get("CLEAN_BUILD_SECONDS"):
        rows.append(["clean `cargo build --release`, crates downloaded", f"{int(os.environ['CLEAN_BUILD_SECONDS']) * 1000}"])
    table("Start", ["", "ms"], rows)


def machine():
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{datetime.date.today()}: {cpu}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.release()}"


def main():
    parser = argparse.ArgumentParser()
    for name in ("fermiac", "calamine", "work"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    tools = parser.parse_args()
    print(f"{machine()}. Medians of {RUNS} runs, programs taking turns.")
    start_up(tools)
    workbooks(tools)
    european_call(tools)
    example(tools)


if __name__ == "__main__":
    main()
