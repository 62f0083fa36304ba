using Media.Silo.Hosting;
using Media.Silo.Outbox;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Media.Silo.Tests.Outbox;

public sealed class EventsSettingsTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Theory]
    [InlineData("Media:Events:Source", "")]
    [InlineData("Media:Events:Source", "not a uri")]
    [InlineData("Media:Events:Concurrency", "-1")]
    [InlineData("Media:Events:Timeout", "00:05:00")]
    [InlineData("Media:Events:LongestPause", "00:00:01")]
    [InlineData("Media:Events:GiveUpAfter", "00:00:00")]
    [InlineData("Media:Events:Retention", "23:59:59")]
    [InlineData("Media:Events:Webhooks:0:Name", "")]
    [InlineData("Media:Events:Webhooks:0:Name", "My hook")]
    [InlineData("Media:Events:Webhooks:0:Name", "rabbitmq")]
    [InlineData("Media:Events:Webhooks:1:Name", "hook")]
    [InlineData("Media:Events:Webhooks:0:Url", "")]
    [InlineData("Media:Events:Webhooks:0:Url", "/path")]
    [InlineData("Media:Events:Webhooks:0:Url", "ftp://hook.example")]
    [InlineData("Media:Events:Webhooks:0:Url", "http://hook.example")]
    [InlineData("Media:Events:Webhooks:0:Url", "https://user:word@hook.example")]
    [InlineData("Media:Events:Webhooks:0:Url", "https://hook.example/#x")]
    [InlineData("Media:Events:Webhooks:0:Secret", "")]
    [InlineData("Media:Events:Webhooks:0:Secret", "whsec_dG9vIHNob3J0")]
    [InlineData("Media:Events:Webhooks:0:PreviousSecret", "another")]
    [InlineData("Media:Events:Webhooks:0:Types:0", "upload.%")]
    [InlineData("Media:Events:Webhooks:0:Types:0", "*.verified")]
    [InlineData("Media:Events:RabbitMq:Uri", "http://broker")]
    [InlineData("Media:Events:RabbitMq:Host", "also", "Media:Events:RabbitMq:Uri", "amqp://broker")]
    [InlineData("Media:Events:RabbitMq:Port", "-1", "Media:Events:RabbitMq:Host", "broker")]
    [InlineData("Media:Events:RabbitMq:Exchange", "", "Media:Events:RabbitMq:Host", "broker")]
    [InlineData("Media:Events:RabbitMq:RoutingKey", "{user}", "Media:Events:RabbitMq:Host", "broker")]
    public void Settings_WrongOne_IsNamedAndNotQuoted(string setting, string value, string? other = null, string? otherValue = null)
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Bind((setting, value), (other ?? "X", otherValue)));

        Assert.Contains(setting.Replace("RabbitMq:Host", "RabbitMq:Uri", StringComparison.Ordinal), failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("dG9vIHNob3J0", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Media:Events:Webhooks:0:Url", "http://127.0.0.1:8080/hook")]
    [InlineData("Media:Events:Webhooks:0:Url", "http://localhost/hook?a=b")]
    [InlineData("Media:Events:Webhooks:0:Url", "http://hook.example", "Media:Events:Webhooks:0:AllowHttp", "true")]
    [InlineData("Media:Events:Webhooks:0:Types:0", "*")]
    [InlineData("Media:Events:Webhooks:0:Types:0", "upload.*")]
    [InlineData("Media:Events:Source", "https://media.example/eu")]
    [InlineData("Media:Events:RabbitMq:Uri", "amqps://user:word@broker/host")]
    [InlineData("Media:Events:RabbitMq:RoutingKey", "media.{type}.{subject}", "Media:Events:RabbitMq:Host", "broker")]
    public void Settings_RightOnes_AreTaken(string setting, string value, string? other = null, string? otherValue = null) =>
        Assert.Equal("hook", Bind((setting, value), (other ?? "X", otherValue)).Webhooks[0].Name);

    private static EventsOptions Bind(params (string Name, string? Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        var values = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Media:Postgres:ConnectionString"] = "Host=127.0.0.1;Port=1",
            ["Media:Events:Webhooks:0:Name"] = "hook",
            ["Media:Events:Webhooks:0:Url"] = "https://hook.example",
            ["Media:Events:Webhooks:0:Secret"] = Secret,
        };
        foreach (var (name, value) in settings) values[name] = value;
        if (values.ContainsKey("Media:Events:Webhooks:1:Name"))
        {
            values["Media:Events:Webhooks:1:Url"] = "https://hook.example";
            values["Media:Events:Webhooks:1:Secret"] = Secret;
        }

        builder.Configuration.AddInMemoryCollection(values);
        builder.AddMediaPostgres();
        using var host = builder.Build();
        return host.Services.GetRequiredService<IOptions<EventsOptions>>().Value;
    }
}
