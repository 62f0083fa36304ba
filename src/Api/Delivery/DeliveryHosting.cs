using Media.Api.Problems;

namespace Media.Api.Delivery;

/// <summary>Puts delivery into the API: links, and the gate that answers them.</summary>
internal static partial class DeliveryHosting
{
    /// <summary>Adds what signs and checks.</summary>
    public static void AddDelivery(this IServiceCollection services)
    {
        services.AddOptions<DeliveryOptions>().BindConfiguration(DeliveryOptions.Section);
        services.AddSingleton<DeliverySettings>();
        services.AddSingleton<DeliverySigner>();
        services.AddSingleton<DeliveryGate>();
    }

    /// <summary>
    /// Has the gate answer everything below <c>/media</c>. It comes before the gate of origins and before routing: it has its own rules for both.
    /// </summary>
    public static void UseDelivery(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<DeliverySettings>().IsConfigured)
            LogOff(app.Logger);
        app.MapWhen(
            static context => context.Request.Path.StartsWithSegments(DeliveryGate.Prefix, StringComparison.OrdinalIgnoreCase),
            branch =>
            {
                branch.UseMiddleware<FailureGate>();
                branch.Run(app.Services.GetRequiredService<DeliveryGate>().AnswerAsync);
            });
    }

    [LoggerMessage(1, LogLevel.Warning, "Media:Delivery:Secrets is empty: delivery by signed links is off")]
    private static partial void LogOff(ILogger logger);
}
