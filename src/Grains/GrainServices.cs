using Media.Grains.Contents;
using Media.Grains.Uploads;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Media.Grains;

/// <summary>What grains need that is not a port: settings, the clock and the source of tags.</summary>
public static class GrainServices
{
    /// <summary>Registers them. A clock or tag source that is registered already is kept.</summary>
    public static IServiceCollection AddMediaGrains(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ITagSource, RandomTagSource>();
        services.AddOptions<UploadOptions>()
            .BindConfiguration(UploadOptions.Section)
            .ValidateDataAnnotations()
            .Validate(o => o.SessionLifetime > TimeSpan.Zero, "Media:Uploads:SessionLifetime must be longer than nothing.")
            .Validate(o => o.LeaseDuration >= TimeSpan.FromSeconds(1), "Media:Uploads:LeaseDuration must be at least a second.")
            .Validate(o => o.UrlLifetime >= TimeSpan.FromSeconds(1) && o.UrlLifetime <= TimeSpan.FromDays(7), "Media:Uploads:UrlLifetime must be from a second to 7 days.")
            .ValidateOnStart();
        services.AddOptions<ContentOptions>()
            .BindConfiguration(ContentOptions.Section)
            .Validate(o => o.DeletionGrace >= TimeSpan.Zero, "Media:Content:DeletionGrace must not be less than nothing.")
            .Validate(o => o.PromotionPatience > TimeSpan.Zero, "Media:Content:PromotionPatience must be longer than nothing.")
            .Validate(o => o.ChallengeLifetime >= TimeSpan.FromSeconds(1), "Media:Content:ChallengeLifetime must be at least a second.")
            .ValidateOnStart();
        return services;
    }
}
