using System.Globalization;

namespace Media.Bench.Measuring;

/// <summary>What the processors did since the machine started, in ticks of the kernel's.</summary>
internal readonly record struct ProcessorTimes(long Stolen, long All)
{
    // user, nice, system, idle, iowait, irq, softirq, steal; what follows is in the first two already.
    private const int Kinds = 8;

    /// <summary>As of now; nothing where the system does not tell.</summary>
    public static ProcessorTimes Now()
    {
        if (!File.Exists("/proc/stat")) return default;
        var line = File.ReadLines("/proc/stat").First();
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(Kinds).Select(static word => long.Parse(word, CultureInfo.InvariantCulture)).ToArray();
        return new ProcessorTimes(ticks[^1], ticks.Sum());
    }

    /// <summary>The share that a virtual machine's host gave to others.</summary>
    public double StolenSince(ProcessorTimes before) => All > before.All ? (double)(Stolen - before.Stolen) / (All - before.All) : 0;
}
