using Media.Grains.Ports;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>Whether the database answers within two seconds.</summary>
internal sealed class PostgresHealthCheck(PostgresDatabase database) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(2));
        try
        {
            await database.RunAsync(
                static async (connection, _, token) =>
                {
                    await using var command = new NpgsqlCommand("select 1", connection);
                    return await command.ExecuteScalarAsync(token);
                },
                0,
                limit.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception failure) when (failure is StorageUnavailableException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "PostgreSQL does not answer.", failure);
        }
    }
}
