"""Three sites: a high-performance computing centre, a cloud, and the edge.

Each site's simulator is what one would write from data sheets; its real values are measurements
where public ones exist. `sources` of each site says which is which; what is not named there is our
assumption.
"""

from course_lib.worlds.clusters import JobClass, Pool, Site

# Gavel's table for its simulator and its measurements on a real cluster, one GPU, each relative to
# the K80 of its own table.
_RESNET = {"speeds": (0, 1, 4.2, 7.1), "real_speeds": (0, 1, 3.5, 6.1)}  # batch size 64
_TRANSFORMER = {"speeds": (0, 1, 2.9, 4.9), "real_speeds": (0, 1, 2.6, 4.2)}  # batch size 64
_LANGUAGE = {"speeds": (0, 1, 3.5, 4.7), "real_speeds": (0, 1, 3.3, 4.8)}  # batch size 80
_RECOMMENDER = {"speeds": (0, 1, 1.6, 0.7), "real_speeds": (0, 1, 2.8, 4.7)}  # batch size 2048

HPC = Site(
    "HPC",
    pools=(
        Pool("CPU", 6, 48, failures=0.002),
        Pool("K80", 4, 32, failures=0.006),
        Pool("P100", 3, 24, failures=0.004),
        Pool("V100", 3, 24, failures=0.004),
    ),
    classes=(
        JobClass("simulation", (1, 1, 1, 1), (1, 1, 1, 1), 0.30, 0.20, 4, 1.0, 2.2, (1, 2), 2.5),
        JobClass("resnet-50", **_RESNET, share=0.25, real_share=0.15, hours=12, real_spread=2.2,
                 widths=(1, 2), bias=1.5),
        JobClass("transformer", **_TRANSFORMER, share=0.15, real_share=0.20, hours=12,
                 real_spread=2.2, widths=(1, 2), bias=1.5),
        JobClass("language", **_LANGUAGE, share=0.15, real_share=0.20, hours=12, real_spread=2.2,
                 bias=2.0),
        JobClass("recommender", **_RECOMMENDER, share=0.15, real_share=0.25, hours=12,
                 real_spread=2.2, bias=3.0),
    ),
    load=0.75,
    real_load=0.8,
    bursts=0.8,
    burst_jobs=10,
    node_spread=0.05,
    stragglers=0.05,
    noise=0.15,
    contention=0.25,
    estimate_noise=0.7,
    repair_hours=6,
    retries=2,
    gang_growth=4,
    communication=0.08,
    latency=30,
    bound=600,
    sources=(
        "speeds: Gavel (Narayanan and others, OSDI 2020), simulation_throughputs.json and "
        "physical_cluster_throughputs.json",
        "run times: mean 7 to 39 h, log-spread 2.2 to 3.3 in seven virtual clusters of Philly "
        "(Jeon and others, ATC 2019)",
        "bursts: coefficient of variation of the times between arrivals 2.6 to 9.5 there",
        "noise: mini-batch times vary by 9 % (median job) in Alibaba's GPU cluster (2020)",
        "communication: on 8 V100 ResNet-50 runs 3.9, Transformer 5.8 times as fast as on one "
        "(Gavel)",
        "estimates: users ask for several times what they need (Mu'alem and Feitelson 2001)",
        "repair: from less than an hour to more than a day (Schroeder and Gibson 2006)",
    ),
)  # fmt: skip

CLOUD = Site(
    "cloud",
    pools=(
        Pool("burstable", 6, 24, failures=0.1),
        Pool("general", 6, 24, failures=0.01),
        Pool("V100", 4, 16, failures=0.05),
    ),
    classes=(
        JobClass("web batch", (1, 1, 1), (0.6, 1, 1), 0.40, 0.30, 0.3, 1.0, 1.8, (1,), 2.0, 5.0),
        JobClass("analytics", (1, 1.2, 1.2), (0.6, 1.2, 1.2), 0.30, 0.30, 0.8, 1.0, 1.8, (1, 2, 4),
                 2.0),
        JobClass("resnet-18", (1, 1, 10), (0.6, 1, 11.8), 0.20, 0.20, 4, 1.0, 1.8, (1,), 1.5),
        JobClass("recommender", (1, 1, 0.7), (0.6, 1, 4.7), 0.10, 0.20, 2, 1.0, 1.8, (1,), 1.5),
    ),
    load=0.8,
    real_load=0.8,
    bursts=0.9,
    burst_jobs=20,
    node_spread=0.1,
    stragglers=0.05,
    noise=0.2,
    contention=0.3,
    estimate_noise=0.5,
    repair_hours=0.5,
    retries=3,
    gang_growth=4,
    communication=0.06,
    latency=10,
    bound=60,
    sources=(
        "noise: run times vary by 10 to 30 % on a burstable machine, 2 to 10 % on a general one "
        "(Azure VM noise data, TUNA, EuroSys 2025)",
        "burstable: Azure's B8ms is promised 135 % of its 800 % CPU; 0.6 lies between that and "
        "a machine with credits",
        "contention: two jobs on one GPU run at 0.58 (median) of their speed alone (Gavel)",
        "bursts: coefficient of variation of the times between requests 13 (Azure LLM inference "
        "trace 2023)",
        "failures: Azure gives the chance that a spot machine is taken away within an hour, from 5 "
        "to more than 20 %",
        "V100: Gavel, relative to the K80 there, as is the recommender's fall below 1",
    ),
)  # fmt: skip

EDGE = Site(
    "edge",
    pools=(
        Pool("ARM", 8, 16, failures=2.0),
        Pool("Nano", 5, 10, failures=4.0),
        Pool("Xeon", 3, 6, failures=0.5),
    ),
    classes=(
        JobClass("mobilenet", (1, 5.1, 5.6), (1, 9.0, 2.4), 0.35, 0.25, 0.05, 0.6, 1.2, (1,), 1.0,
                 3.0),
        JobClass("resnet-50", (1, 5.1, 5.6), (1, 8.2, 3.2), 0.25, 0.30, 0.1, 0.6, 1.2, (1,), 1.0,
                 5.0),
        JobClass("vgg-16", (1, 5.1, 5.6), (1, 6.1, 7.2), 0.15, 0.25, 0.2, 0.6, 1.2, (1,), 1.5),
        JobClass("sensor fusion", (1, 1, 5.6), (1, 1, 2.7), 0.25, 0.20, 0.05, 0.6, 1.2, (1, 2), 2.0,
                 3.0),
    ),
    load=0.7,
    real_load=0.8,
    bursts=0.7,
    burst_jobs=8,
    node_spread=0.15,
    stragglers=0.1,
    noise=0.3,
    contention=0.2,
    estimate_noise=0.3,
    repair_hours=0.05,
    retries=3,
    gang_growth=2,
    communication=0.1,
    latency=1,
    bound=5,
    sources=(
        "simulated speeds: peak FLOP/s of the data sheets, 4 Cortex-A57 at 1.43 GHz : Jetson Nano "
        "GPU 236 GFLOP/s : Xeon E5-2650 256 GFLOP/s",
        "real speeds: seconds per picture of the same networks on the three, table of CVM Runtime "
        "(CortexFoundation/cvm-runtime)",
    ),
)  # fmt: skip

SITES = (HPC, CLOUD, EDGE)
