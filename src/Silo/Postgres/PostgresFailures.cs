using System.Net.Sockets;
using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>Tells a database that is away from a statement that is wrong.</summary>
internal static class PostgresFailures
{
    /// <summary>Whether the call failed because the database was not there, or not in time. The call can be repeated later.</summary>
    public static bool IsUnavailable(Exception failure) => failure switch
    {
        PostgresException refusal => IsUnavailable(refusal),
        NpgsqlException or TimeoutException or SocketException or IOException => true,
        // Npgsql throws this from a connection that broke between two of its own steps; what is disposed may be a part of it that the runtime has.
        InvalidOperationException { Source: "Npgsql" } or ObjectDisposedException => true,
        _ => false,
    };

    /// <summary>Whether a connection was there and broke, as opposed to one that could not be made or a call that took too long.</summary>
    public static bool IsBrokenConnection(Exception failure) => failure switch
    {
        PostgresException refusal => refusal.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            || refusal.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException { InnerException: TimeoutException } => false,
        NpgsqlException { InnerException: IOException or SocketException } or ObjectDisposedException => true,
        _ => false,
    };

    // Classes of https://www.postgresql.org/docs/current/errcodes-appendix.html: 08 connection, 53 resources, 57P operator, 58 system;
    // 57014 is the statement time-out; 25006 a standby after a switch-over; 40001 and 40P01 pass by themselves.
    private static bool IsUnavailable(PostgresException refusal) =>
        refusal.SqlState.StartsWith("08", StringComparison.Ordinal)
        || refusal.SqlState.StartsWith("53", StringComparison.Ordinal)
        || refusal.SqlState.StartsWith("57", StringComparison.Ordinal)
        || refusal.SqlState.StartsWith("58", StringComparison.Ordinal)
        || refusal.SqlState is PostgresErrorCodes.ReadOnlySqlTransaction
            or PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable;
}
