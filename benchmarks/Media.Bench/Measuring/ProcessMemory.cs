using System.Globalization;

namespace Media.Bench.Measuring;

/// <summary>A process's memory in bytes, as Linux counts it.</summary>
internal static class ProcessMemory
{
    /// <summary>Resident now.</summary>
    public static long Resident(int processId) => Read(processId, "VmRSS:");

    /// <summary>The most that was resident at any time.</summary>
    public static long Peak(int processId) => Read(processId, "VmHWM:");

    private static long Read(int processId, string name)
    {
        foreach (var line in File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/status")))
        {
            if (line.StartsWith(name, StringComparison.Ordinal))
                return long.Parse(line.AsSpan(name.Length).Trim().TrimEnd(" kB"), CultureInfo.InvariantCulture) * 1_024;
        }

        throw new InvalidOperationException($"There is no {name} of process {processId}.");
    }
}
