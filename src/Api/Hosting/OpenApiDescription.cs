using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Media.Api.Permissions;

namespace Media.Api.Hosting;

/// <summary>The OpenAPI document at <c>/openapi/v1.json</c>: what the routes' own metadata does not say.</summary>
internal static class OpenApiDescription
{
    private const string Bearer = "bearer";

    public static void Configure(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo
            {
                Title = "Media",
                Version = "v1",
                Description = "Coordinates uploads that go straight from a client to S3.",
            };
            // Where it runs is the reader's business.
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
            document.Components.SecuritySchemes[Bearer] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = Bearer,
                Description = "A permission from POST /v1/permissions, or an API key.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            foreach (var metadata in context.Description.ActionDescriptor.EndpointMetadata)
            {
                switch (metadata)
                {
                    case AdmissionRequirement { RouteValue: null }:
                        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Bearer, context.Document)] = [] }];
                        break;
                    case QueryParameter query:
                        Add(operation, query.Name, ParameterLocation.Query, query.IsNumber);
                        break;
                    case RouteParameter route:
                        Add(operation, route.Name, ParameterLocation.Path, isNumber: false);
                        break;
                }
            }

            return Task.CompletedTask;
        });
    }

    private static void Add(OpenApiOperation operation, string name, ParameterLocation location, bool isNumber)
    {
        operation.Parameters ??= [];
        foreach (var parameter in operation.Parameters)
        {
            if (parameter.Name == name && parameter.In == location)
                return;
        }

        operation.Parameters.Add(new OpenApiParameter
        {
            Name = name,
            In = location,
            Required = location == ParameterLocation.Path,
            Schema = new OpenApiSchema { Type = isNumber ? JsonSchemaType.Integer : JsonSchemaType.String },
        });
    }
}
