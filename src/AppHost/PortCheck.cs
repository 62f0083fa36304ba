using System.Net;
using System.Net.Sockets;

namespace Media.AppHost;

/// <summary>Finds out that a port is taken before anything is started, and says what to do about it.</summary>
internal static class PortCheck
{
    // What a host that was killed left behind needs a moment to go.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Makes sure that every port is free. Each comes with the setting that names it and what is going to listen there.</summary>
    /// <exception cref="SettingsException">One is not, or is named twice.</exception>
    public static async Task EnsureFreeAsync(IReadOnlyList<(int Port, string Setting, string Use)> ports, TimeProvider time, CancellationToken cancellationToken)
    {
        foreach (var same in ports.GroupBy(entry => entry.Port).Where(group => group.Count() > 1))
            throw new SettingsException($"Port {same.Key} is named by {string.Join(" and ", same.Select(entry => entry.Setting))}. Give each a port of its own.");

        var start = time.GetTimestamp();
        foreach (var (port, setting, use) in ports)
        {
            while (!IsFree(port))
            {
                if (time.GetElapsedTime(start) > Patience)
                    throw new SettingsException($"Port {port} is taken, and {use} needs it. Stop what listens there, or choose another port: {setting}=PORT ./run");
                await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
            }
        }
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
