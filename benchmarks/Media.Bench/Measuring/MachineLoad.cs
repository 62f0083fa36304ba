using System.Globalization;

namespace Media.Bench.Measuring;

/// <summary>How busy the machine is: figures of a busy one are compared by their ratios at most.</summary>
internal static class MachineLoad
{
    /// <summary>The load averages of 1, 5 and 15 minutes, and whether they mean that others compete for the processors.</summary>
    public static string Now()
    {
        if (!File.Exists("/proc/loadavg")) return "unknown";
        var words = File.ReadAllText("/proc/loadavg").Split(' ');
        var busy = double.Parse(words[0], CultureInfo.InvariantCulture) > Environment.ProcessorCount;
        return $"{words[0]} {words[1]} {words[2]}{(busy ? " (more work than processors)" : "")}";
    }
}
