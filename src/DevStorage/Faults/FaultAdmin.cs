using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Media.DevStorage.Faults;

/// <summary>
/// The switch's endpoint, <c>/_admin/faults</c>: GET tells the rules, PUT replaces them, DELETE turns them off. There only when an admin
/// token was configured, and only for requests that bear it.
/// </summary>
internal sealed class FaultAdmin(DevStorageOptions options, FaultSwitch faults)
{
    // No bucket's name may begin with an underscore.
    private const string Path = "/_admin/faults";

    public bool Handles(string rawTarget) => options.AdminToken is not null && string.Equals(rawTarget, Path, StringComparison.Ordinal);

    public async Task InvokeAsync(HttpContext http)
    {
        var given = Encoding.UTF8.GetBytes(http.Request.Headers.Authorization.ToString());
        if (!CryptographicOperations.FixedTimeEquals(given, Encoding.UTF8.GetBytes("Bearer " + options.AdminToken)))
            throw S3Error.AccessDenied();
        switch (http.Request.Method)
        {
            case "GET":
                break;
            case "PUT":
                faults.Set(await ReadAsync(http));
                break;
            case "DELETE":
                faults.Set([]);
                break;
            default:
                throw S3Error.MethodNotAllowed();
        }

        var answer = JsonSerializer.SerializeToUtf8Bytes([.. faults.Rules], FaultJson.Default.ListFaultRule);
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = answer.Length;
        await http.Response.Body.WriteAsync(answer, http.RequestAborted);
    }

    private static async Task<List<FaultRule>> ReadAsync(HttpContext http)
    {
        try
        {
            return await JsonSerializer.DeserializeAsync(http.Request.Body, FaultJson.Default.ListFaultRule, http.RequestAborted) ?? [];
        }
        catch (JsonException e)
        {
            throw S3Error.InvalidRequest(e.Message);
        }
    }
}
