using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Media.Silo.Outbox;

namespace Media.Silo.Tests.Outbox;

/// <summary>The rules are those of https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and of its JSON format.</summary>
public sealed class CloudEventTests
{
    [Theory]
    [InlineData("""{"user":"ann","size":12}""")]
    [InlineData("""{}""")]
    [InlineData("""{"fileName":"\"漢字\" 🙂 \\ </script>\u0001","thumbnails":[128,512],"reason":null}""")]
    public void Write_AnyData_HasEveryAttributeInItsForm(string data)
    {
        var outgoing = new OutgoingEvent("tag.upload.verified", "upload.verified", "tag", new DateTimeOffset(2030, 1, 2, 5, 4, 5, 678, TimeSpan.FromHours(2)), Encoding.UTF8.GetBytes(data));

        var json = JsonDocument.Parse(CloudEvent.Write(outgoing, "/media")).RootElement;

        // Required, and optional ones that are here: non-empty strings, names of lower-case letters and digits only.
        Assert.Equal(["data", "datacontenttype", "id", "source", "specversion", "subject", "time", "type"], json.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.All(json.EnumerateObject(), member => Assert.Matches("^[a-z0-9]{1,20}$", member.Name));
        Assert.All(json.EnumerateObject().Where(member => member.Name != "data"), member => Assert.NotEqual("", member.Value.GetString()));
        Assert.Equal("1.0", json.GetProperty("specversion").GetString());
        Assert.True(Uri.IsWellFormedUriString(json.GetProperty("source").GetString(), UriKind.RelativeOrAbsolute));
        // RFC 3339, section 5.6.
        Assert.Matches(new Regex(@"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$"), json.GetProperty("time").GetString());
        Assert.Equal(outgoing.Time, json.GetProperty("time").GetDateTimeOffset());
        // data is a JSON value and not JSON in a string, as datacontenttype says so (section 3.1.1 of the JSON format).
        Assert.Equal("application/json", json.GetProperty("datacontenttype").GetString());
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(data).RootElement, json.GetProperty("data")));
    }

    [Fact]
    public void ContentType_OfAnEvent_IsTheJsonFormats() => Assert.StartsWith("application/cloudevents+json", CloudEvent.ContentType, StringComparison.Ordinal);
}
