using System.Net;
using System.Net.Sockets;

namespace Media.Tests.Support;

/// <summary>Ports for servers that have to be told one before they start, and keep it when they start again.</summary>
public static class FreePort
{
    /// <summary>A port of 127.0.0.1 on which nothing listened a moment ago.</summary>
    public static int Next()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
