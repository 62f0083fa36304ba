using Microsoft.Extensions.Options;

namespace Media.Api.Hosting;

/// <summary>
/// Keeps request paths out of the logs: the Companion door's hold a permission. ASP.NET Core writes paths below <see cref="LogLevel.Warning"/> in many
/// categories, so all of them are held to that, whatever the settings say.
/// </summary>
internal sealed class QuietPaths : IPostConfigureOptions<LoggerFilterOptions>
{
    private const string Category = "Microsoft.AspNetCore";

    public void PostConfigure(string? name, LoggerFilterOptions options)
    {
        var providers = new HashSet<string?>(StringComparer.Ordinal) { null };
        for (var i = options.Rules.Count - 1; i >= 0; i--)
        {
            var rule = options.Rules[i];
            providers.Add(rule.ProviderName);
            if (rule.CategoryName?.StartsWith(Category, StringComparison.OrdinalIgnoreCase) == true && rule.LogLevel is null or < LogLevel.Warning)
                options.Rules.RemoveAt(i);
        }

        // A provider's rules win over the general ones, so each provider that has any gets this one too.
        foreach (var provider in providers)
            options.Rules.Add(new LoggerFilterRule(provider, Category, LogLevel.Warning, null));
    }
}
