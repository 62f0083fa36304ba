using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Media.Tests.Support;

/// <summary>Ports for servers that have to be told one before they start, and keep it when they start again.</summary>
public static class FreePort
{
    // Below those that the system gives to whoever asks for any, so that nobody gets them by chance while their server is away.
    private const int First = 10_000;
    private const int Count = 20_000;

    private static int _last = RandomNumberGenerator.GetInt32(Count);

    /// <summary>A port of 127.0.0.1 on which nothing listened a moment ago. Each call of a process gives another one.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _last) % Count);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }
    }
}
